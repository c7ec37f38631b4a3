#include "support/scripted_redis.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

namespace dbha::test {
namespace {

using Args = ScriptedRedis::Args;

bool begins_a_connection(const Args& args) {
  return args[0] == "AUTH" || args[0] == "CLIENT" || args[0] == "PING";
}

/// What a node that was told nothing says.
std::string own_answer(const Args& args) {
  if (args[0] == "PING") return "+PONG\r\n";
  if (args[0] == "SUBSCRIBE") return "*3\r\n" + bulk("subscribe") + bulk(args[1]) + ":1\r\n";
  return "+OK\r\n";
}

std::string spelled(const Args& args) {
  std::string text;
  for (const auto& arg : args) text += (text.empty() ? "" : " ") + arg;
  return text;
}

}  // namespace

std::string bulk(const std::string& text) {
  return '$' + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

ScriptedRedis::ScriptedRedis(EventLoop& loop, Script script, std::string host)
    : loop_(loop),
      script_(std::move(script)),
      listener_(loop, std::move(host), 0, [this](lab::FileDescriptor fd) { on_accepted(std::move(fd)); }) {}

ScriptedRedis::~ScriptedRedis() {
  reset_clients();
}

void ScriptedRedis::on_accepted(lab::FileDescriptor fd) {
  const ConnectionId id = accepted_++;
  if (!refusal_.empty()) {
    static_cast<void>(send(fd.get(), refusal_.data(), refusal_.size(), MSG_NOSIGNAL));
    return;
  }
  Client& client = clients_[id];
  client.id = id;
  client.fd = std::move(fd);
  if (!stalled_) watch(client);
}

// ---- Commands

void ScriptedRedis::watch(Client& client) {
  client.watch = Watch(loop_, client.fd.get(), {.readable = true, .writable = !client.out.empty()}, Priority::bus,
                       [this, id = client.id](Readiness readiness) { on_ready(id, readiness); });
}

void ScriptedRedis::on_ready(ConnectionId id, Readiness readiness) {
  if (readiness.writable) pump(id);
  if (!readiness.readable || stalled_ || !clients_.contains(id)) return;
  Client& client = clients_.at(id);
  char buffer[16384];
  const ssize_t n = recv(client.fd.get(), buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return drop(id, false);
  client.reader.feed({buffer, static_cast<std::size_t>(n)});
  Value command;
  // The script may end the connection.
  while (clients_.contains(id) && client.reader.next(command) == redis::ReplyReader::Status::reply) {
    Args args;
    for (const auto& element : command.elements) args.push_back(element.text);
    serve(client, args);
  }
}

void ScriptedRedis::serve(Client& client, const Args& args) {
  const ConnectionId id = client.id;
  asked_.push_back({args, id});
  Answer answer = answer_to(client, args);
  if (!clients_.contains(id)) return;
  if (answer.bytes && answer.bytes->empty() && answer.then == Answer::Then::go_on) answer.bytes = own_answer(args);
  client.due.emplace_back(loop_.now() + answer.delay, std::move(answer));
  pump(id);
}

Answer ScriptedRedis::answer_to(Client& client, const Args& args) {
  const bool first_command = !client.play && !begins_a_connection(args);
  if (first_command && !plays_.empty()) {
    client.play = std::move(plays_.front());
    plays_.pop_front();
  }
  if (client.play && !client.play->empty() && !begins_a_connection(args)) return next_of_play(client, args);
  return script_ ? script_(args) : Answer("");
}

Answer ScriptedRedis::next_of_play(Client& client, const Args& args) {
  const Line line = std::move(client.play->front());
  client.play->pop_front();
  const bool as_expected =
      line.expected.size() <= args.size() && std::equal(line.expected.begin(), line.expected.end(), args.begin());
  if (as_expected) return line.answer;
  surprises_.push_back("expected " + spelled(line.expected) + ", found " + spelled(args));
  return resets_after("");
}

// ---- Answers

/// Says what is due, in the order of the commands.
void ScriptedRedis::pump(ConnectionId id) {
  Client& client = clients_.at(id);
  while (flush(client) && !client.due.empty() && !stalled_) {
    const auto& [time, answer] = client.due.front();
    if (time > loop_.now()) {
      client.timer = Timer(loop_, time - loop_.now(), [this, id]() -> std::optional<Duration> {
        pump(id);
        return std::nullopt;
      });
      return;
    }
    client.out += answer.bytes.value_or("");
    const auto then = answer.then;
    client.due.pop_front();
    if (then == Answer::Then::go_on) continue;
    flush(client);
    return drop(id, then == Answer::Then::reset);
  }
}

/// True when all has left.
bool ScriptedRedis::flush(Client& client) {
  if (client.out.empty()) return true;
  const ssize_t n = send(client.fd.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
  if (n > 0) client.out.erase(0, static_cast<std::size_t>(n));
  client.watch.change({.readable = true, .writable = !client.out.empty()});
  return client.out.empty();
}

void ScriptedRedis::say(const std::string& bytes) {
  for (auto& [id, client] : clients_) say(id, bytes);
}

void ScriptedRedis::say(ConnectionId connection, const std::string& bytes) {
  Client& client = clients_.at(connection);
  client.out += bytes;
  flush(client);
}

// ---- The end of connections

void ScriptedRedis::drop(ConnectionId id, bool by_reset) {
  lab::FileDescriptor fd = std::move(clients_.at(id).fd);
  clients_.erase(id);  // its watch ends before the descriptor is closed
  if (by_reset) test::reset(std::move(fd));
}

void ScriptedRedis::drop_all(bool by_reset) {
  while (!clients_.empty()) drop(clients_.begin()->first, by_reset);
}

void ScriptedRedis::reset_clients() {
  drop_all(true);
}

void ScriptedRedis::reset(ConnectionId connection) {
  drop(connection, true);
}

void ScriptedRedis::close_clients() {
  drop_all(false);
}

void ScriptedRedis::stall() {
  stalled_ = true;
  for (auto& [id, client] : clients_) {
    client.watch.reset();
    client.timer.reset();
  }
}

void ScriptedRedis::go_on() {
  if (!std::exchange(stalled_, false)) return;
  std::vector<ConnectionId> waiting;
  for (auto& [id, client] : clients_) {
    watch(client);
    waiting.push_back(id);
  }
  for (const ConnectionId id : waiting) pump(id);
}

// ---- What was asked

std::vector<Args> ScriptedRedis::commands() const {
  std::vector<Args> all;
  for (const auto& asked : asked_) {
    if (!begins_a_connection(asked.args)) all.push_back(asked.args);
  }
  return all;
}

std::size_t ScriptedRedis::count(const std::string& verb) const {
  return static_cast<std::size_t>(
      std::count_if(asked_.begin(), asked_.end(), [&](const Asked& asked) { return asked.args[0] == verb; }));
}

std::size_t ScriptedRedis::count(const std::string& verb, ConnectionId connection) const {
  return static_cast<std::size_t>(std::count_if(asked_.begin(), asked_.end(), [&](const Asked& asked) {
    return asked.args[0] == verb && asked.connection == connection;
  }));
}

}  // namespace dbha::test
