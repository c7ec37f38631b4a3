#pragma once
/// TLS on a socket that is connected: the same calls as the socket has, behind a handshake.

#include <memory>
#include <string>
#include <string_view>

#include <dbha/event_loop.hpp>

#include "redis/socket.hpp"
#include "redis/tls_context.hpp"

namespace dbha::redis {

/// A read may have to wait until the socket can be written to, and a write until there is something to read; and what
/// the socket has given may wait here, where epoll does not see it. wants_write(), unblocked_by() and has_more() say
/// so.
///
/// Not movable: OpenSSL has a pointer into it.
class TlsStream {
 public:
  enum class Handshake { done, under_way, failed };

  /// `host`: of the endpoint. The socket outlives the stream.
  TlsStream(const TlsContext& context, const std::string& host, const Socket& socket);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// To be called until it is no longer under way; before all else.
  Handshake shake_hands();
  /// As Socket::read, but fills the buffer if it can: fewer bytes than asked for mean that has_more() decides.
  Socket::Transfer read(char* buffer, std::size_t size);
  /// As Socket::write. Bytes are counted once they are encrypted: what is then blocked is kept here and leaves before
  /// anything else, so a blocked write may have taken bytes too. Call it again, also with nothing, while
  /// holds_output().
  Socket::Transfer write(std::string_view bytes);

  /// Something waits until the socket can be written to.
  bool wants_write() const;
  bool holds_output() const { return !held_.empty(); }
  /// What may go on now that the socket is ready like this.
  Readiness unblocked_by(Readiness socket) const;
  /// The next read may give something although the socket is not ready.
  bool has_more() const { return ended_ || SSL_has_pending(ssl_.get()) == 1; }

  /// Why TLS has ended, for people; empty if it has not, or if it was the socket that ended.
  const std::string& failure() const { return failure_; }
  /// How the socket ended, after a handshake that failed without a failure().
  const Socket::Transfer& socket_end() const { return wire_.last; }

 private:
  enum class Waits { no, to_read, to_write };
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  bool expect(const std::string& name);
  Socket::Transfer put(std::string_view bytes);
  Socket::Transfer not_done(int result, Waits& waits);
  std::string reason() const;

  TlsWire wire_;
  std::unique_ptr<SSL, Free> ssl_;  // after wire_, which its BIO points to
  std::string expected_;
  std::string held_;  // encrypted, and to be given to OpenSSL again: it insists on the same bytes
  Waits read_waits_ = Waits::no;
  Waits write_waits_ = Waits::no;
  bool ended_ = false;
  Socket::Transfer end_{};  // if ended_: what a read said that had bytes to return before
  std::string failure_;
};

}  // namespace dbha::redis
