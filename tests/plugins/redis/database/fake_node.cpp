#include "fake_node.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dbha::test {

FakeNode::FakeNode(EventLoop& loop) : loop_(loop) {
  listen();
}

FakeNode::~FakeNode() {
  reset_clients();
  stop_listening();
}

void FakeNode::listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0) throw std::runtime_error("cannot listen");
  getsockname(listener_, generic, &size);
  port_ = ntohs(address.sin_port);
  watch_ = Watch(loop_, listener_, {.readable = true, .writable = false}, Priority::database,
                 [this](Readiness) { accept_one(); });
}

void FakeNode::stop_listening() {
  watch_.reset();
  if (listener_ >= 0) close(listener_);
  listener_ = -1;
}

void FakeNode::accept_one() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  ++accepted_;
  const int on = 1;  // small answers leave at once, as those of Redis do
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!refusal_.empty()) {
    static_cast<void>(send(fd, refusal_.data(), refusal_.size(), MSG_NOSIGNAL));
    close(fd);
    return;
  }
  auto client = std::make_unique<Client>();
  client->fd = fd;
  client->watch =
      Watch(loop_, fd, {.readable = true, .writable = false}, Priority::database, [this, fd](Readiness) { read(fd); });
  clients_.emplace(fd, std::move(client));
}

void FakeNode::read(int fd) {
  if (!reading_) {
    clients_.at(fd)->watch.reset();
    return;
  }
  char buffer[16384];
  const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return drop(fd, false);
  clients_.at(fd)->reader.feed({buffer, static_cast<std::size_t>(n)});
  Value command;
  while (clients_.contains(fd) && clients_.at(fd)->reader.next(command) == redis::ReplyReader::Status::reply) {
    Args args;
    for (const auto& element : command.elements) args.push_back(element.text);
    serve(fd, args);
  }
}

void FakeNode::serve(int fd, const Args& args) {
  const bool greeting = args[0] == "AUTH" || args[0] == "CLIENT" || args[0] == "PING";
  if (!greeting) commands_.push_back(args);
  std::optional<std::string> reply = script_ ? script_(args) : "";
  if (!reply || !clients_.contains(fd)) return;
  if (reply->empty() && args[0] == "PING") reply = "+PONG\r\n";
  if (reply->empty() && args[0] == "SUBSCRIBE") {
    reply = "*3\r\n$9\r\nsubscribe\r\n$" + std::to_string(args[1].size()) + "\r\n" + args[1] + "\r\n:1\r\n";
  }
  if (reply->empty()) reply = "+OK\r\n";
  static_cast<void>(send(fd, reply->data(), reply->size(), MSG_NOSIGNAL));
}

void FakeNode::drop(int fd, bool reset) {
  clients_.erase(fd);
  const linger abort{.l_onoff = 1, .l_linger = 0};
  if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  close(fd);
}

void FakeNode::reset_clients() {
  while (!clients_.empty()) drop(clients_.begin()->first, true);
}

void FakeNode::close_clients() {
  while (!clients_.empty()) drop(clients_.begin()->first, false);
}

void FakeNode::say(const std::string& bytes) {
  for (const auto& [fd, client] : clients_) static_cast<void>(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

std::size_t FakeNode::count(const std::string& verb) const {
  return static_cast<std::size_t>(
      std::count_if(commands_.begin(), commands_.end(), [&](const Args& args) { return args[0] == verb; }));
}

}  // namespace dbha::test
