#pragma once
/// A gate between clients and one real server: a TCP proxy that lets pass, delays, loses or spoils what goes through.

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "lab/ports.hpp"
#include "loop/epoll_loop.hpp"

namespace dbha::test {

/// Has a thread of its own. Its verbs may be called from any thread, and are in force when they return; each replaces
/// the one before, but for close() and reset(), which happen once. Connections to a server that does not listen are
/// accepted and reset.
class Gate {
 public:
  /// Before 127.0.0.1:upstream, which need not listen yet.
  explicit Gate(std::uint16_t upstream);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  std::uint16_t port() const { return port_.number(); }

  /// Everything goes through, also what was held back. Connections from which drop() has taken something are reset:
  /// what they carry has a hole.
  void pass();
  /// A black hole: what comes from either side is lost, ends of connections too, and connects vanish.
  void drop();
  /// Nothing is read until pass(); connects are accepted. The kernel's buffers fill, as before a stopped process.
  void stall();
  /// Everything arrives that much later, in both directions.
  void delay(Duration duration);
  /// The first byte of whatever comes from the server in one piece is another.
  void corrupt();
  /// Connects are refused; connections stay.
  void refuse();
  void close();  ///< all connections, in order
  void reset();  ///< all connections

  struct Counts {
    std::atomic<std::uint64_t> accepted = 0;
    std::atomic<std::uint64_t> open = 0;
    std::atomic<std::uint64_t> to_server = 0;  ///< bytes
    std::atomic<std::uint64_t> to_client = 0;
    std::atomic<std::uint64_t> dropped = 0;
    std::atomic<std::uint64_t> corrupted = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  class Traffic;

  template <class Verb>
  void on_thread(Verb verb);

  lab::PortLease port_ = lab::PortLease::take();
  Counts counts_;
  EpollLoop loop_;
  std::unique_ptr<Traffic> traffic_;
  std::thread thread_;
};

}  // namespace dbha::test
