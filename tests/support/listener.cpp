#include "support/listener.hpp"

#include <memory>
#include <stdexcept>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace dbha::test {
namespace {

constexpr int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

struct Free {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

std::unique_ptr<addrinfo, Free> address_of(const Endpoint& endpoint) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &wanted, &found) != 0) {
    throw std::runtime_error("no address of " + endpoint.host);
  }
  return std::unique_ptr<addrinfo, Free>(found);
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

Listener::Listener(EventLoop& loop, std::string host, std::uint16_t port, Accepted accepted)
    : loop_(loop), host_(std::move(host)), port_(port), accepted_(std::move(accepted)) {
  listen();
}

void Listener::open(int backlog) {
  refuse();
  const auto address = address_of(endpoint());
  fd_ = lab::FileDescriptor(socket(address->ai_family, kind, 0));
  const int on = 1;
  setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd_.get(), address->ai_addr, address->ai_addrlen) != 0 || ::listen(fd_.get(), backlog) != 0) {
    throw std::runtime_error("cannot listen on " + endpoint().text());
  }
  port_ = port_of(fd_.get());
}

void Listener::listen() {
  open(64);
  watch_ = Watch(loop_, fd_.get(), {.readable = true, .writable = false}, Priority::bus,
                 [this](Readiness) { accept_one(); });
}

void Listener::refuse() {
  watch_.reset();
  fillers_.clear();
  fd_.reset();
}

void Listener::swallow() {
  open(0);
  const auto address = address_of(endpoint());
  for (int i = 0; i < 3; ++i) {
    auto& filler = fillers_.emplace_back(socket(address->ai_family, kind, 0));
    static_cast<void>(connect(filler.get(), address->ai_addr, address->ai_addrlen));
  }
}

void Listener::accept_one() {
  lab::FileDescriptor connection(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (connection.get() < 0) return;
  const int on = 1;
  setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  accepted_(std::move(connection));
}

void reset(lab::FileDescriptor connection) {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

}  // namespace dbha::test
