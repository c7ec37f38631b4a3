#include "lab/redis_client.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <hiredis.h>
#include <poll.h>
#include <sys/socket.h>

namespace dbha::lab {
namespace {

timeval to_timeval(std::chrono::milliseconds length) {
  return {static_cast<time_t>(length.count() / 1000), static_cast<suseconds_t>(length.count() % 1000 * 1000)};
}

Reply to_value(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      reply.kind = Reply::Kind::text;
      reply.text.assign(raw.str, raw.len);
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = Reply::Kind::error;
      reply.text.assign(raw.str, raw.len);
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::integer;
      reply.integer = raw.integer;
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::array;
      for (std::size_t i = 0; i < raw.elements; ++i) reply.elements.push_back(to_value(*raw.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

std::string encode(const std::vector<std::string>& args) {
  std::string text = "*" + std::to_string(args.size()) + "\r\n";
  for (const auto& arg : args) text += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  return text;
}

/// No reply is due between two commands: a readable socket then means that the node has closed it.
bool closed_by_peer(int fd) {
  pollfd readable{fd, POLLIN, 0};
  return poll(&readable, 1, 0) > 0;
}

}  // namespace

void RedisClient::Free::operator()(redisContext* context) const noexcept {
  redisFree(context);
}

RedisClient::RedisClient(std::string host, std::uint16_t port, Login login, Timeouts timeouts)
    : host_(std::move(host)), port_(port), login_(std::move(login)), timeouts_(timeouts) {}

RedisClient::~RedisClient() = default;
RedisClient::RedisClient(RedisClient&&) noexcept = default;
RedisClient& RedisClient::operator=(RedisClient&&) noexcept = default;

std::string RedisClient::address() const {
  return host_ + ":" + std::to_string(port_);
}

void RedisClient::disconnect() {
  context_.reset();
}

void RedisClient::fail(const std::string& what) {
  disconnect();  // a late reply must not be taken for the next command's
  throw std::runtime_error(address() + ": " + what);
}

void RedisClient::connect() {
  context_.reset(redisConnectWithTimeout(host_.c_str(), port_, to_timeval(timeouts_.connect)));
  if (!context_) fail("no memory for a connection");
  if (context_->err != 0) fail(std::string("cannot connect: ") + context_->errstr);
  fcntl(context_->fd, F_SETFD, FD_CLOEXEC);
  redisSetTimeout(context_.get(), to_timeval(timeouts_.reply));
  if (login_.password.empty()) return;
  send(login_.user.empty() ? std::vector<std::string>{"AUTH", login_.password}
                           : std::vector<std::string>{"AUTH", login_.user, login_.password});
  const Reply reply = receive();
  if (reply.is_error()) fail("AUTH refused: " + reply.text);
}

void RedisClient::ensure_connected() {
  if (context_ && closed_by_peer(context_->fd)) disconnect();
  if (!context_) connect();
}

void RedisClient::send(const std::vector<std::string>& args) {
  // hiredis writes with write(), which kills this process by SIGPIPE when the node has just died; so the writing is
  // ours.
  const std::string bytes = encode(args);
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto count = ::send(context_->fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(args.front() + " not sent: " + std::generic_category().message(errno));
    sent += static_cast<std::size_t>(count);
  }
}

Reply RedisClient::receive() {
  void* raw = nullptr;
  if (redisGetReply(context_.get(), &raw) != REDIS_OK) fail(std::string("no reply: ") + context_->errstr);
  auto* reply = static_cast<redisReply*>(raw);
  Reply value = to_value(*reply);
  freeReplyObject(reply);
  return value;
}

Reply RedisClient::command(const std::vector<std::string>& args) {
  ensure_connected();
  send(args);
  return receive();
}

Reply RedisClient::demand(const std::vector<std::string>& args) {
  Reply reply = command(args);
  if (!reply.is_error()) return reply;
  std::string words;
  for (const auto& arg : args) words += arg + ' ';
  throw std::runtime_error(address() + ": " + words + "was refused: " + reply.text);
}

bool RedisClient::answers() {
  try {
    return command({"PING"}).text == "PONG";
  } catch (const std::runtime_error&) {
    return false;  // refused, closed or late: for this question all the same
  }
}

}  // namespace dbha::lab
