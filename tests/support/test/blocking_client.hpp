#pragma once
/// The plainest client there is, to look at a server's sockets from outside. For the side that needs no loop.

#include <cerrno>
#include <cstdint>
#include <string>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "lab/file_descriptor.hpp"

namespace dbha::test {

class BlockingClient {
 public:
  explicit BlockingClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    static_cast<void>(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }

  void say(const std::string& text) const {
    static_cast<void>(wait(POLLOUT, 1000));
    static_cast<void>(send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL));
  }
  /// What comes within that time, up to `size` bytes; then "(end)", "(reset)", "(refused)" if that is how it ends.
  std::string hear(std::size_t size, int milliseconds = 2000) const {
    std::string text;
    while (text.size() < size && wait(POLLIN, milliseconds)) {
      char buffer[4096];
      const ssize_t n = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n == 0) return text + "(end)";
      if (n < 0) return text + (errno == ECONNRESET ? "(reset)" : errno == ECONNREFUSED ? "(refused)" : "(error)");
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }
  bool connected(int milliseconds) const { return wait(POLLOUT, milliseconds); }
  void finish() const { shutdown(fd_.get(), SHUT_WR); }

 private:
  bool wait(int events, int milliseconds) const {
    pollfd watched{fd_.get(), static_cast<short>(events), 0};
    return poll(&watched, 1, milliseconds) > 0;
  }

  lab::FileDescriptor fd_;
};

}  // namespace dbha::test
