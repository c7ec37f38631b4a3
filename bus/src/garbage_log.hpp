#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <dbha/context.hpp>

namespace dbha::bus {

/// Logs what could not be used, at most one line in ten seconds, with the number of those passed over: a peer must not
/// be able to fill a disk. Loop thread only.
class GarbageLog {
 public:
  GarbageLog(EventLoop& loop, Log& log) : loop_(loop), log_(log) {}

  void add(std::string_view endpoint, const std::string& reason) {
    const TimePoint now = loop_.now();
    if (last_ && now - *last_ < std::chrono::seconds(10)) {
      ++unlogged_;
      return;
    }
    last_ = now;
    log_.warning("bus_garbage", {{"endpoint", std::string(endpoint)},
                                 {"reason", reason},
                                 {"unlogged", std::to_string(std::exchange(unlogged_, 0))}});
  }

 private:
  EventLoop& loop_;
  Log& log_;
  std::optional<TimePoint> last_;
  std::uint64_t unlogged_ = 0;
};

}  // namespace dbha::bus
