#pragma once
/// The virtual loop as the clock of a model.

#include "model/clock.hpp"
#include "support/virtual_loop.hpp"

namespace dbha::test {

class VirtualClock final : public memory::Clock {
 public:
  explicit VirtualClock(VirtualLoop& loop) : loop_(loop) {}

  TimePoint now() const override { return loop_.now(); }
  void after(Duration delay, std::function<void()> task) override {
    loop_.start_timer(delay, [task = std::move(task)]() -> std::optional<Duration> {
      task();
      return std::nullopt;
    });
  }

 private:
  VirtualLoop& loop_;
};

}  // namespace dbha::test
