#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <dbha/bus.hpp>

namespace dbha {

/// How much one controller may say in hints: a hundred at once, which is more than it has to say when a large database
/// is gone altogether, and ten a second in the long run.
class HintAllowance {
 public:
  static constexpr double at_once = 100;
  static constexpr double per_second = 10;

  /// False if it is used up.
  bool take(TimePoint now) {
    left_ = std::min(at_once, left_ + per_second * std::chrono::duration<double>(now - taken_).count());
    taken_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double left_ = at_once;
  TimePoint taken_;
};

/// Who has applied what: the detector's table of controllers, fed by acks and hellos. Pure.
class Fleet {
 public:
  /// Acks are repeated each few seconds; a controller that was not heard for so long is gone.
  static constexpr Duration gone_after = std::chrono::seconds(15);

  struct Member {
    Version applied;
    TimePoint since;  ///< when it first said that it holds this version
    TimePoint heard;
    std::uint32_t pending = 0;
    HintAllowance hints;
    std::uint64_t hints_refused = 0;
  };

  void on_hello(const std::string& controller, TimePoint now) {
    const auto [member, is_new] = members_.try_emplace(controller);
    if (is_new) member->second.since = now;
    member->second.heard = now;
  }

  void on_ack(const Ack& ack, TimePoint now) {
    Member& member = members_[ack.controller];
    if (member.applied != ack.applied) member.since = now;
    member.applied = ack.applied;
    member.pending = ack.pending;
    member.heard = now;
  }

  /// Whether the detector should listen to a hint of that controller. Those who have not introduced themselves, because
  /// the detector was started a moment ago, share one allowance.
  bool allows_hint(const std::string& controller, TimePoint now) {
    const auto known = members_.find(controller);
    Member& member = known == members_.end() ? strangers_ : known->second;
    const bool allowed = member.hints.take(now);
    if (!allowed) ++member.hints_refused;
    return allowed;
  }

  void forget_gone(TimePoint now) {
    std::erase_if(members_, [&](const auto& entry) { return now - entry.second.heard > gone_after; });
  }

  const std::map<std::string, Member>& members() const { return members_; }

  std::size_t holding(const Version& version) const {
    const auto holds = [&](const auto& entry) { return entry.second.applied == version; };
    return static_cast<std::size_t>(std::count_if(members_.begin(), members_.end(), holds));
  }

 private:
  std::map<std::string, Member> members_;
  Member strangers_;
};

}  // namespace dbha
