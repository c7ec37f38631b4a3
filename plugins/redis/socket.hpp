#pragma once
/// A non-blocking TCP socket, as an owner of its descriptor and a few calls that say what happened as values.

#include <cstddef>
#include <string_view>
#include <utility>

#include "redis/resolve.hpp"

namespace dbha::redis {

class Socket {
 public:
  /// Of read and write: how many bytes, or why none. `blocked`: later; `ended`: EOF, or an error (see error).
  struct Transfer {
    std::size_t bytes = 0;
    bool blocked = false;
    bool ended = false;
    int error = 0;  ///< errno; 0 with `ended`: the peer closed in order
  };

  Socket() = default;
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  /// Starts to connect. 0, or the errno of a failure that is known at once.
  int connect(const SocketAddress& address);
  /// After the socket became ready: 0 if connected, EINPROGRESS if not yet, else why not.
  int connect_result() const;
  Transfer read(char* buffer, std::size_t size) const;
  Transfer write(std::string_view bytes) const;
  void close();

  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace dbha::redis
