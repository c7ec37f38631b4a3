#include "bare_timer.hpp"

namespace dbha::test {
namespace {

constexpr Duration period = std::chrono::milliseconds(2);

}  // namespace

BareTimer::BareTimer() {
  next_ = loop_.now() + period;
  timer_ = Timer(loop_, period, [this] { return due(); });
  thread_ = std::thread([this] { loop_.run(); });
}

BareTimer::~BareTimer() {
  loop_.stop();
  thread_.join();
}

std::optional<Duration> BareTimer::due() {
  const auto late = (std::chrono::steady_clock::now() - next_).count();
  if (late > worst_) worst_ = late;
  next_ = loop_.now() + period;
  return period;
}

}  // namespace dbha::test
