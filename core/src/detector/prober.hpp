#pragma once
/// Whom to ask what, and when: rounds, heartbeats, the standing ROLE of the replicas, and the fast ROLE of suspect
/// shards, all within one budget that no hint can break. Pure: time in, questions out.

#include <array>
#include <map>
#include <optional>
#include <vector>

#include <dbha/backend.hpp>

#include "detector/budget.hpp"
#include "detector/pace.hpp"

namespace dbha {

/// A node to be asked.
struct Target {
  Endpoint endpoint;
  NodeId id;  ///< empty for a seed that has not said who it is
  Role role = Role::unknown;
  NodeId shard;  ///< the primary of its shard, itself if it is one
  friend bool operator==(const Target&, const Target&) = default;
};

struct Ask {
  Endpoint endpoint;
  Question question;
  friend auto operator<=>(const Ask&, const Ask&) = default;
};

class Prober {
 public:
  using Cost = AskingCost;
  Prober(ProbeSettings settings, Cost cost);

  void set_targets(std::vector<Target> targets);
  const std::vector<Target>& targets() const { return targets_; }
  const Target* target(const Endpoint& endpoint) const;

  /// Asks the shard's replicas fast, and its primary for views, until cleared or suspect_for has passed since the first
  /// sign; after its first third ever less often.
  void suspect(const NodeId& shard, TimePoint now);
  void clear(const NodeId& shard) { suspects_.erase(shard); }
  /// The shards under suspicion, with the time of the first sign; also those whose time is over but that were never
  /// cleared, so that a shard that stays dead is not probed fast for ever.
  const std::map<NodeId, TimePoint>& suspects() const { return suspects_; }
  bool probing_fast(const NodeId& shard, TimePoint now) const;
  std::vector<NodeId> probed_fast(TimePoint now) const;

  /// To be asked before everything else.
  void urgent(const Endpoint& endpoint, Question question);
  /// The node's view has changed since it was asked for: before its turn, where views take turns.
  void renew(const Endpoint& endpoint);
  /// The node may not be asked this: it is tried again now and then only.
  void forbid(const Endpoint& endpoint, Question question, TimePoint now);
  void permit(const Endpoint& endpoint, Question question);

  /// The question has been answered: it may be asked again.
  void answered(const Endpoint& endpoint, Question question) { settle(endpoint, question, true); }
  /// It never will be. A view is asked for again sooner than in the next round: a node that starts is not connected to
  /// yet.
  void unanswered(const Endpoint& endpoint, Question question) { settle(endpoint, question, false); }

  /// What to ask now. Takes it from the budget.
  std::vector<Ask> due(TimePoint now);
  /// How long until due() may have something, at least 1 ms.
  Duration next(TimePoint now) const;

  const Pace& pace() const { return pace_; }
  /// The period in force: stretched where the rounds would take more than half of the budget.
  Duration period() const { return pace_.period; }
  Duration heartbeat_interval() const { return pace_.heartbeat; }
  Duration standing_interval() const { return pace_.standing; }
  /// Commands sent since the start.
  std::uint64_t commands() const { return commands_; }

 private:
  static constexpr std::size_t questions = 4;
  struct Asked {
    TimePoint at = TimePoint::min();
    bool under_way = false;
    bool failed = false;
    bool urgent = false;
    bool outdated = false;  ///< of a view
    TimePoint forbidden_until = TimePoint::min();
  };
  struct Wish {
    int priority;
    bool cheap;          ///< what is urgent is mostly one view, and the epochs of many
    TimePoint asked_at;  ///< the longest waiting first
    std::size_t target;
    Question question;
  };

  Asked* asked(const Endpoint& endpoint, Question question);
  Asked& asked(std::size_t target, Question question) { return asked_[target][static_cast<std::size_t>(question)]; }
  const Asked& asked(std::size_t target, Question question) const {
    return asked_[target][static_cast<std::size_t>(question)];
  }
  void settle(const Endpoint& endpoint, Question question, bool answered);
  bool used(Question question) const;
  bool may_ask(std::size_t target, Question question, TimePoint now) const;
  void refill(TimePoint now);
  bool commands_left(const Wish& wish) const;
  bool bytes_left(const Wish& wish) const;
  bool too_soon(const Wish& wish, TimePoint now) const;
  void spend(Question question);
  Duration suspect_interval(const NodeId& shard, TimePoint now) const;

  void wish(std::vector<Wish>& out, int priority, std::size_t target, Question question, Duration interval,
            TimePoint now) const;
  void wish_urgent(std::vector<Wish>& out, std::size_t target, TimePoint now) const;
  void wish_suspect(std::vector<Wish>& out, std::size_t target, TimePoint now) const;
  void wish_regular(std::vector<Wish>& out, std::size_t target, bool suspect, TimePoint now) const;
  std::vector<Wish> wishes(TimePoint now) const;

  ProbeSettings settings_;
  Cost cost_;
  Pace pace_;
  std::array<QuestionCost, questions> costs_;
  std::vector<Target> targets_;
  std::vector<std::array<Asked, questions>> asked_;  ///< of each target
  std::map<Endpoint, std::size_t> places_;           ///< of the targets
  std::map<NodeId, TimePoint> suspects_;
  std::size_t urgent_ = 0;
  Budget command_budget_;
  Budget byte_budget_;
  TimePoint refilled_ = TimePoint::min();
  std::array<std::optional<TimePoint>, questions> last_round_;  ///< when the last such question of a round left
  std::uint64_t commands_ = 0;
};

}  // namespace dbha
