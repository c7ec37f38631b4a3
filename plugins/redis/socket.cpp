#include "redis/socket.hpp"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dbha::redis {
namespace {

// A cut-off peer must not keep a descriptor for ever, and after a short cut TCP alone waits for its own, ever longer
// retransmission timer. Longer than any call's default deadline, so that a stopped node that wakes up finds its
// connection: silence alone is never a reason to close.
constexpr int give_up_after_ms = 30'000;
constexpr int keepalive_idle_s = 10;
constexpr int keepalive_interval_s = 5;
constexpr int keepalive_probes = 4;

void set(int fd, int level, int option, int value) {
  // Each of these improves a working connection; without it the connection works as well.
  static_cast<void>(setsockopt(fd, level, option, &value, sizeof value));
}

/// Connecting to a dead node of the same machine may end in a connection with oneself, when the kernel picks the node's
/// port as the local one. It echoes every command, which looks like life, and keeps the node from starting again.
bool connected_to_itself(int fd) {
  sockaddr_storage local{};
  sockaddr_storage peer{};
  socklen_t local_size = sizeof local;
  socklen_t peer_size = sizeof peer;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&local), &local_size) == 0 &&
         getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0 && local_size == peer_size &&
         std::memcmp(&local, &peer, local_size) == 0;
}

Socket::Transfer transfer(ssize_t n) {
  if (n > 0) return {.bytes = static_cast<std::size_t>(n)};
  if (n == 0) return {.ended = true};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {.blocked = true};
  return {.ended = true, .error = errno};
}

}  // namespace

int Socket::connect(const SocketAddress& address) {
  close();
  fd_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd_ < 0) return errno;
  set(fd_, IPPROTO_TCP, TCP_NODELAY, 1);  // commands are collected by us; Nagle would only delay them
  set(fd_, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd_, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_s);
  set(fd_, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_s);
  set(fd_, IPPROTO_TCP, TCP_KEEPCNT, keepalive_probes);
  set(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, give_up_after_ms);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(fd_, generic, address.length) == 0 || errno == EINPROGRESS || errno == EINTR) return 0;
  const int error = errno;
  close();
  return error;
}

int Socket::connect_result() const {
  pollfd poll_for{.fd = fd_, .events = POLLOUT, .revents = 0};
  if (::poll(&poll_for, 1, 0) == 0) return EINPROGRESS;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error == 0 && connected_to_itself(fd_) ? ECONNREFUSED : error;
}

Socket::Transfer Socket::read(char* buffer, std::size_t size) const {
  return transfer(::recv(fd_, buffer, size, 0));
}

Socket::Transfer Socket::write(std::string_view bytes) const {
  return transfer(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace dbha::redis
