#include "redis/connection.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "redis/connection_guard.hpp"
#include "redis/text_fields.hpp"
#include "redis/tls_stream.hpp"
#include "redis/verdict.hpp"

namespace dbha::redis {
namespace {

constexpr std::size_t read_size = std::size_t{64} << 10;
constexpr int reads_a_turn = 4;  // so that one node with a long reply cannot keep the others waiting

}  // namespace

const char* text_of(CloseReason reason) {
  static constexpr const char* names[] = {"resolve", "refused", "no_room", "tls",
                                          "auth",    "timeout", "lost",    "protocol"};
  return names[static_cast<int>(reason)];
}

Connection::Connection(EventLoop& loop, Settings settings, Listener& listener)
    : loop_(loop), settings_(std::move(settings)), listener_(listener), reader_(settings_.max_reply_bytes) {
  connect_timer_ = Timer(loop_, settings_.access.connect_timeout, [this]() -> std::optional<Duration> {
    fail(CloseReason::timeout, too_late());
    return std::nullopt;
  });
  if (const auto address = numeric_address(settings_.endpoint)) {
    addresses_.push_back(*address);
    connect_next(0);
    return;
  }
  lookup_.emplace(loop_, settings_.endpoint, [this](std::vector<SocketAddress> addresses, const std::string& error) {
    addresses_.assign(addresses.begin(), addresses.end());
    if (addresses.empty()) {
      fail(CloseReason::resolve, error);
    } else {
      connect_next(0);
    }
  });
}

Connection::~Connection() {
  if (guard_) guard_->connection_destroyed();
}

// ---- Requests

Connection::RequestId Connection::send(std::span<const std::string> args, ReplyHandler handler) {
  append_command(out_.bytes, args);
  return enqueue(std::move(handler), args.front());
}

Connection::RequestId Connection::send(std::initializer_list<std::string_view> args, ReplyHandler handler) {
  append_command(out_.bytes, std::span(args.begin(), args.size()));
  return enqueue(std::move(handler), *args.begin());
}

Connection::RequestId Connection::send_together(std::span<const std::span<const std::string>> commands,
                                                ReplyHandler handler) {
  for (const auto command : commands) append_command(out_.bytes, command);
  const RequestId id = enqueue(std::move(handler), commands.back().front(), commands.size());
  requests_.back().ends_transaction = commands.back().front() == "EXEC";
  return id;
}

Connection::RequestId Connection::enqueue(ReplyHandler handler, std::string_view verb, std::size_t replies) {
  assert(state_ != State::closed);
  if (requests_.empty()) busy_since_ = loop_.now();
  requests_.push_back({.handler = std::move(handler),
                       .begin = queued_end_,
                       .end = out_.end(),
                       .replies = static_cast<std::uint32_t>(replies),
                       .confirmation = settings_.subscriber ? confirmation_of(verb) : std::nullopt,
                       .withdrawn = false});
  queued_end_ = out_.end();
  flush_later();
  return first_id_ + requests_.size() - 1;
}

bool Connection::withdraw(RequestId id) {
  if (id < first_id_ || id - first_id_ >= requests_.size()) return false;
  Request& request = requests_[static_cast<std::size_t>(id - first_id_)];
  if (request.withdrawn || request.begin < out_.position()) return false;
  request.withdrawn = true;
  request.handler = nullptr;
  any_withdrawn_ = true;
  return true;
}

/// Cuts withdrawn requests out of the bytes to be written: once before the next write, because cutting at each
/// withdraw() would take quadratic time when thousands of deadlines pass at once.
void Connection::drop_withdrawn() {
  if (!std::exchange(any_withdrawn_, false)) return;
  out_.forget_sent();  // some of it may belong to requests that are answered, and in requests_ no more
  const std::uint64_t base = out_.base;
  std::string kept;
  for (Request& request : requests_) {
    const auto first = static_cast<std::size_t>(std::max(request.begin, base) - base);
    const auto last = static_cast<std::size_t>(std::max(request.end, base) - base);
    request.begin = std::min(request.begin, base + kept.size());
    if (!request.withdrawn) kept.append(out_.bytes, first, last - first);
    request.end = std::min(request.end, base + kept.size());
  }
  out_.bytes = std::move(kept);
  queued_end_ = out_.end();
}

void Connection::flush_later() {
  if (flush_pending_ || (state_ != State::up && state_ != State::greeting)) return;
  flush_pending_ = true;
  turn_timer_ = Timer(loop_, Duration(0), [this]() -> std::optional<Duration> {
    flush();
    return std::nullopt;
  });
}

void Connection::flush() {
  flush_pending_ = false;
  drop_withdrawn();
  Outgoing& outgoing = this->outgoing();
  while (has_more_to_write()) {
    const auto written = write(outgoing.left());
    outgoing.advance(written.bytes);
    if (written.blocked) break;
    if (!written.ended) continue;
    // What the node said before it closed is still to be read, and says more than the error of a write.
    if (read_some()) fail(written);
    return;
  }
  watch_for_more();
}

// ---- Replies

void Connection::on_ready(Readiness readiness) {
  if (state_ == State::connecting) return on_connected();
  if (state_ == State::securing) return secure();
  if (tls_) readiness = tls_->unblocked_by(readiness);
  if (readiness.readable && !read_some()) return;
  if (readiness.writable) {
    flush();
  } else if (tls_) {
    watch_for_more();
  }
}

void Connection::watch_for_more() {
  watch_.change({.readable = true, .writable = tls_ ? tls_->wants_write() : has_more_to_write()});
}

Socket::Transfer Connection::read(char* buffer, std::size_t size) {
  return tls_ ? tls_->read(buffer, size) : socket_.read(buffer, size);
}

Socket::Transfer Connection::write(std::string_view bytes) {
  return tls_ ? tls_->write(bytes) : socket_.write(bytes);
}

bool Connection::has_more_to_read() const {
  return tls_ && tls_->has_more();
}

bool Connection::has_more_to_write() {
  return !outgoing().left().empty() || (tls_ && tls_->holds_output());
}

void Connection::read_later() {
  read_timer_ = Timer(loop_, Duration(0), [this]() -> std::optional<Duration> {
    if (read_some()) watch_for_more();
    return std::nullopt;
  });
}

/// False: the connection is over, or destroyed.
bool Connection::read_some() {
  std::array<char, read_size> buffer;
  for (int turn = 0; turn < reads_a_turn; ++turn) {
    const auto got = read(buffer.data(), buffer.size());
    if (got.blocked) return true;
    if (got.ended) return fail(got);
    last_heard_ = loop_.now();
    reader_.feed({buffer.data(), got.bytes});
    if (!take_replies()) return false;
    if (got.bytes < buffer.size() && !has_more_to_read()) return true;
  }
  if (has_more_to_read()) read_later();
  return true;
}

/// False: the connection is over, or destroyed.
bool Connection::take_replies() {
  for (;;) {
    Value value;
    switch (reader_.next(value)) {
      case ReplyReader::Status::incomplete:
        return true;
      case ReplyReader::Status::broken:
        return fail(CloseReason::protocol, what_is_broken());
      case ReplyReader::Status::reply:
        break;
    }
    if (!take_reply(std::move(value))) return false;
  }
}

std::string Connection::what_is_broken() const {
  const std::string text = printable(reader_.error());
  const bool alert = !tls_ && state_ == State::greeting && text.find("\\x15") != std::string::npos;  // RFC 8446, B.1
  return text + (alert ? ": this is TLS" : "");
}

bool Connection::take_reply(Value&& value) {
  if (state_ == State::greeting) return take_greeting(value);
  while (!requests_.empty() && requests_.front().withdrawn) pop_request();
  Guard guard(*this);
  if (settings_.subscriber && is_push(value)) {
    listener_.on_push(*this, std::move(value));
    return !guard.gone();
  }
  if (requests_.empty() || requests_.front().begin >= out_.position()) {  // the oldest has not left
    return fail(CloseReason::protocol, "a reply that nothing was asked for: " + printable(value.text));
  }
  if (--requests_.front().replies > 0) {
    if (value.kind == Value::Kind::error && !first_error_) first_error_ = std::move(value);
    return true;
  }
  const bool stays_open = requests_.front().ends_transaction && refuses_command(value);
  if (value.kind == Value::Kind::error && first_error_) value = std::move(*first_error_);
  first_error_.reset();
  const ReplyHandler handler = pop_request();
  handler(Fate::replied, std::move(value));
  if (stays_open && !guard.gone()) return fail(CloseReason::protocol, "EXEC was refused in an open transaction");
  return !guard.gone() && state_ != State::closed;  // log_in() may have closed it
}

bool Connection::is_push(const Value& value) const {
  if (value.kind != Value::Kind::array || value.elements.empty()) return false;
  const auto word = pubsub_word(value.elements.front().text);
  const bool awaited = !requests_.empty() && requests_.front().confirmation == word;
  return word && !awaited;
}

Connection::ReplyHandler Connection::pop_request() {
  ReplyHandler handler = std::move(requests_.front().handler);
  requests_.pop_front();
  ++first_id_;
  return handler;
}

// ---- The end

/// What a transfer ended with.
bool Connection::fail(const Socket::Transfer& end) {
  // TLS 1.3 refuses a client's certificate only after the client has ended the handshake.
  if (tls_ && !tls_->failure().empty()) {
    return fail(state_ == State::greeting ? CloseReason::tls : CloseReason::lost, std::string(tls_->failure()));
  }
  std::string detail = end.error == 0 ? "closed by the node" : std::strerror(end.error);
  if (state_ == State::securing) detail += " during the TLS handshake";
  if (state_ == State::greeting && !tls_ && last_heard_ == TimePoint{}) {
    detail = "no reply, perhaps it expects TLS: " + detail;
  }
  return fail(CloseReason::lost, detail);
}

/// Always false, so that a caller can end its own loop with it.
bool Connection::fail(CloseReason reason, const std::string& detail) {
  state_ = State::closed;
  lookup_.reset();
  watch_.reset();
  tls_.reset();
  socket_.close();
  connect_timer_.reset();
  turn_timer_.reset();
  read_timer_.reset();
  const std::uint64_t written = out_.position();
  const auto requests = std::move(requests_);
  requests_.clear();
  Guard guard(*this);
  for (const Request& request : requests) {
    if (request.withdrawn) continue;
    request.handler(request.end <= written ? Fate::written : Fate::unwritten, Value{});
    if (guard.gone()) return false;
  }
  listener_.on_closed(*this, reason, detail);
  return false;
}

}  // namespace dbha::redis
