#pragma once
/// What the bus objects of one process share: ZeroMQ's I/O thread.

#include <memory>

namespace dbha::bus {

/// A handle; copies name the same I/O thread. Objects opened with it keep it alive, so the order in which a process
/// takes them down does not matter. The last one to go waits for the I/O thread; nothing unsent is waited for.
/// Throws StartError where the system has no descriptors left.
class Context {
 public:
  Context();

  struct State;  ///< of the bus library alone
  State& state() const { return *state_; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace dbha::bus
