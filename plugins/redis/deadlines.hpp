#pragma once
/// When calls end, whatever the database does. A hashed timing wheel (Varghese, Lauck 1987): adding and removing cost
/// the same with one call or 100 000 of them, and a call that is answered leaves nothing behind.

#include <cstdint>
#include <optional>
#include <vector>

#include <dbha/types.hpp>

namespace dbha::redis {

/// Holds small numbers, each at most once. No clock: time is given.
class Deadlines {
 public:
  /// Deadlines are rounded up to this, so none is kept too early and none is missed by more.
  static constexpr Duration tick = std::chrono::milliseconds(4);

  Deadlines();
  void add(std::uint32_t index, TimePoint deadline);
  /// Nothing happens if it is not held.
  void remove(std::uint32_t index);
  /// When to call expired() again; never later than the next deadline, sometimes earlier.
  std::optional<TimePoint> next() const;
  /// Takes out those whose deadline has passed. Time must not go backwards.
  std::vector<std::uint32_t> expired(TimePoint now);
  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  struct Entry {
    std::int64_t tick = -1;  // -1: not held
    std::uint32_t previous = none;
    std::uint32_t next = none;
  };

  std::uint32_t& head(std::int64_t at) { return heads_[static_cast<std::size_t>(at) % heads_.size()]; }

  std::vector<std::uint32_t> heads_;  // of the list of each tick, modulo the wheel's size
  std::vector<Entry> entries_;        // by index
  std::int64_t at_ = 0;               // all earlier ticks are empty
  std::size_t size_ = 0;
};

}  // namespace dbha::redis
