// From the first packet to on_up: addresses, TLS, login, and the reply that proves that somebody is there.
#include <cstring>

#include "redis/connection_guard.hpp"
#include "redis/text_fields.hpp"
#include "redis/tls_stream.hpp"

namespace dbha::redis {
namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto prefix) { return text.starts_with(prefix); });
}

}  // namespace

/// Tries the addresses of the name in turn; `error` is what the one before ended with.
void Connection::connect_next(int error) {
  watch_.reset();
  while (!addresses_.empty()) {
    const SocketAddress address = addresses_.front();
    addresses_.pop_front();
    error = socket_.connect(address);
    if (error != 0) continue;
    watch_ = Watch(loop_, socket_.fd(), {.readable = false, .writable = true}, Priority::database,
                   [this](Readiness readiness) { on_ready(readiness); });
    return;
  }
  // Later, because the constructor may have brought us here.
  turn_timer_ = Timer(loop_, Duration(0), [this, error]() -> std::optional<Duration> {
    fail(CloseReason::refused, std::strerror(error));
    return std::nullopt;
  });
}

void Connection::on_connected() {
  const int error = socket_.connect_result();
  if (error == EINPROGRESS) return;
  if (error != 0) return connect_next(error);
  if (!settings_.access.tls) return begin_greeting();
  state_ = State::securing;
  tls_ = std::make_unique<TlsStream>(*settings_.access.tls, settings_.endpoint.host, socket_);
  secure();
}

/// A step of the TLS handshake.
void Connection::secure() {
  switch (tls_->shake_hands()) {
    case TlsStream::Handshake::done:
      return begin_greeting();
    case TlsStream::Handshake::under_way:
      return watch_for_more();
    case TlsStream::Handshake::failed:
      break;
  }
  if (tls_->failure().empty()) {
    fail(tls_->socket_end());
  } else {
    fail(CloseReason::tls, std::string(tls_->failure()));  // a copy: it ends with tls_
  }
}

void Connection::begin_greeting() {
  state_ = State::greeting;
  watch_.change({.readable = true, .writable = false});
  if (has_more_to_read()) read_later();
  greet();
  flush();
}

std::string Connection::too_late() const {
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(settings_.access.connect_timeout).count();
  const char* what = state_ == State::greeting   ? "connected, but no reply"
                     : state_ == State::securing ? "connected, but no TLS handshake"
                                                 : "no connection";
  return std::string(what) + " within " + std::to_string(waited) + " ms" +
         (state_ == State::securing ? ": does it speak TLS?" : "");
}

Credentials Connection::credentials() const {
  return settings_.access.credentials ? settings_.access.credentials->current() : Credentials{};
}

/// Ends with PING: only a reply proves that the process behind the socket is alive.
void Connection::greet() {
  said_ = credentials();
  const auto& [username, password] = said_;
  const auto say = [this](Greeting step, std::initializer_list<std::string_view> args) {
    append_command(greeting_.bytes, std::span(args.begin(), args.size()));
    greeting_steps_.push_back(step);
  };
  if (!password.empty() && username.empty()) say(Greeting::auth, {"AUTH", password});
  if (!password.empty() && !username.empty()) say(Greeting::auth, {"AUTH", username, password});
  if (!settings_.client_name.empty()) say(Greeting::name, {"CLIENT", "SETNAME", settings_.client_name});
  say(Greeting::ping, {"PING"});
}

/// False: the connection is over, or destroyed.
bool Connection::take_greeting(const Value& value) {
  const Greeting step = greeting_steps_.front();
  greeting_steps_.pop_front();
  if (value.kind == Value::Kind::error) {
    // A full node answers before it reads, so this stands in for the reply to whatever came first.
    if (value.text.starts_with("ERR max number of clients")) return fail(CloseReason::no_room, printable(value.text));
    if (step != Greeting::outdated &&
        (step == Greeting::auth || starts_with_any(value.text, {"NOAUTH", "WRONGPASS", "DENIED"}))) {
      return take_refusal(value);
    }
    // Any other error is a reply like PONG: the node is alive, and says to each request itself what hinders it.
  }
  if (!greeting_steps_.empty()) return true;
  state_ = State::up;
  connect_timer_.reset();
  flush_later();
  Guard guard(*this);
  listener_.on_up(*this);
  return !guard.gone();
}

/// If the password has changed since, the greeting begins anew; what is still to come of the old one means nothing.
bool Connection::take_refusal(const Value& error) {
  if (error.text.starts_with("DENIED") || !settings_.access.credentials ||
      !settings_.access.credentials->renewed_since(said_)) {
    return fail(CloseReason::auth, printable(error.text));
  }
  std::fill(greeting_steps_.begin(), greeting_steps_.end(), Greeting::outdated);
  greet();
  flush_later();
  return true;
}

bool Connection::log_in_again() {
  if (logging_in_) return true;
  if (credentials().password.empty()) return false;
  log_in();
  return true;
}

void Connection::log_in() {
  logging_in_ = true;
  said_ = credentials();
  std::vector<std::string> command{"AUTH", said_.password};
  if (!said_.username.empty()) command.insert(command.begin() + 1, said_.username);
  send(command, [this](Fate fate, Value&& reply) {
    logging_in_ = false;
    if (fate != Fate::replied || reply.kind != Value::Kind::error) return;
    if (settings_.access.credentials->renewed_since(said_)) return log_in();
    fail(CloseReason::auth, printable(reply.text));
  });
}

}  // namespace dbha::redis
