#pragma once
/// The only thing that the model needs of its surroundings: what time it is, and to be called later. The plugin gives
/// it real time on a thread of its own, the simulator virtual time.

#include <functional>

#include <dbha/types.hpp>

namespace dbha::memory {

class Clock {
 public:
  virtual TimePoint now() const = 0;
  /// Runs the task once, `delay` from now; tasks that are due together run in the order in which they were given.
  virtual void after(Duration delay, std::function<void()> task) = 0;

 protected:
  ~Clock() = default;
};

}  // namespace dbha::memory
