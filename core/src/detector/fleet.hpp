#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <dbha/bus.hpp>

namespace dbha {

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
  };

  void on_hello(const std::string& controller, TimePoint now) { members_[controller].heard = now; }

  void on_ack(const Ack& ack, TimePoint now) {
    Member& member = members_[ack.controller];
    if (member.applied != ack.applied) member.since = now;
    member.applied = ack.applied;
    member.pending = ack.pending;
    member.heard = now;
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
};

}  // namespace dbha
