#include "fake_node.hpp"

#include <algorithm>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dbha::test {

std::string bulk(const std::string& text) {
  return '$' + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

FakeNode::FakeNode(EventLoop& loop, Script script) : loop_(loop), script_(std::move(script)) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd_ < 0 || bind(fd_, generic, size) != 0 || listen(fd_, 16) != 0 || getsockname(fd_, generic, &size) != 0)
    throw std::runtime_error("cannot listen on loopback");
  port_ = ntohs(address.sin_port);
  watch_ = Watch(loop_, fd_, {.readable = true, .writable = false}, Priority::bus, [this](Readiness) { accept_one(); });
}

FakeNode::~FakeNode() {
  clients_.clear();
  watch_.reset();
  close(fd_);
}

FakeNode::Client::~Client() {
  watch.reset();
  close(fd);
}

void FakeNode::accept_one() {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  const int on = 1;  // as Redis does: Nagle would hold small replies back for 40 ms
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ++accepted_;
  auto& client = clients_.emplace_back(fd);
  client.watch = Watch(loop_, fd, {.readable = true, .writable = false}, Priority::bus,
                       [this, &client](Readiness) { serve(client); });
}

void FakeNode::serve(Client& client) {
  char buffer[4096];
  const auto size = read(client.fd, buffer, sizeof buffer);
  if (size < 0) return;
  if (size == 0) {
    clients_.remove_if([&](const Client& c) { return &c == &client; });
    return;
  }
  client.reader.feed({buffer, static_cast<std::size_t>(size)});
  Value command;
  while (client.reader.next(command) == redis::ReplyReader::Status::reply) {
    Args args;
    for (auto& word : command.elements) args.push_back(word.text);
    received_.push_back(args);
    const auto connections = clients_.size();
    const auto reply = script_(args);
    if (clients_.size() != connections) return;  // the script closed this connection
    if (reply) [[maybe_unused]]
      const auto sent = send(client.fd, reply->data(), reply->size(), MSG_NOSIGNAL);
  }
}

void FakeNode::say(const std::string& bytes) {
  for (auto& client : clients_)
    [[maybe_unused]] const auto sent = send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::size_t FakeNode::received(const std::string& verb) const {
  return static_cast<std::size_t>(
      std::count_if(received_.begin(), received_.end(), [&](const Args& args) { return args[0] == verb; }));
}

}  // namespace dbha::test
