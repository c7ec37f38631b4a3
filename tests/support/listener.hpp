#pragma once
/// A listening socket on the loop that can also refuse connects, or let them vanish.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <dbha/event_loop.hpp>

#include "lab/file_descriptor.hpp"

namespace dbha::test {

/// Loop thread only.
class Listener {
 public:
  /// `accepted` gets each new connection: non-blocking, without Nagle, which would hold small replies back for 40 ms.
  using Accepted = std::function<void(lab::FileDescriptor)>;

  /// Listens on 127.0.0.1, ::1, or the first address of a name; port 0: one that is free.
  Listener(EventLoop& loop, std::string host, std::uint16_t port, Accepted accepted);

  Endpoint endpoint() const { return {host_, port_}; }

  void listen();  ///< again, on the same port
  void refuse();
  /// Connects are neither accepted nor refused: a listener with room for one connection that is never accepted drops
  /// all further SYNs.
  void swallow();

 private:
  void open(int backlog);
  void accept_one();

  EventLoop& loop_;
  std::string host_;
  std::uint16_t port_;
  Accepted accepted_;
  lab::FileDescriptor fd_;
  std::vector<lab::FileDescriptor> fillers_;  // of the queue of a listener that swallows
  Watch watch_;                               // last: it ends before the descriptor is closed
};

/// Ends the connection with RST.
void reset(lab::FileDescriptor connection);

}  // namespace dbha::test
