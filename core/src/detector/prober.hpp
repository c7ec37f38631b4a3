#pragma once
/// Whom to ask what, and when: rounds, heartbeats, the standing ROLE of the replicas, and the fast ROLE of suspect
/// shards, all within one budget that no hint can break. Pure: time in, questions out.

#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <dbha/backend.hpp>

#include "detector/budget.hpp"

namespace dbha {

struct ProbeSettings {
  Duration period = std::chrono::seconds(1);
  Duration heartbeat = std::chrono::milliseconds(250);
  Duration suspect_interval = std::chrono::milliseconds(5);
  Duration suspect_for = std::chrono::seconds(30);
  double commands_per_second = 500;
  double bytes_per_second = 1e6;
};

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
  using Cost = std::function<QuestionCost(Question, std::size_t nodes)>;
  Prober(ProbeSettings settings, Cost cost);

  void set_targets(std::vector<Target> targets);
  const std::vector<Target>& targets() const { return targets_; }

  /// Asks the shard's replicas fast, and its primary for views, until cleared or suspect_for has passed since the first
  /// sign.
  void suspect(const NodeId& shard, TimePoint now);
  void clear(const NodeId& shard) { suspects_.erase(shard); }
  /// The shards under suspicion, with the time of the first sign; also those whose time is over but that were never
  /// cleared, so that a shard that stays dead is not probed fast for ever.
  const std::map<NodeId, TimePoint>& suspects() const { return suspects_; }
  bool probing_fast(const NodeId& shard, TimePoint now) const;

  /// To be asked before everything else.
  void urgent(const Endpoint& endpoint, Question question) { urgent_.insert({endpoint, question}); }

  /// The question has been answered: it may be asked again.
  void answered(const Endpoint& endpoint, Question question) { settle(endpoint, question, true); }
  /// It never will be. A view is asked for again sooner than in the next round: a node that starts is not connected to
  /// yet.
  void unanswered(const Endpoint& endpoint, Question question) { settle(endpoint, question, false); }

  /// What to ask now. Takes it from the budget.
  std::vector<Ask> due(TimePoint now);
  /// How long until due() may have something, at least 1 ms.
  Duration next(TimePoint now) const;

  /// The period in force: stretched where the rounds would take more than half of the budget.
  Duration period() const;
  /// Between two signs of life asked of one primary: stretched where they would take more than a quarter of the budget.
  Duration heartbeat_interval() const;
  /// Between two ROLE questions to one replica of a healthy shard.
  Duration standing_interval() const;
  /// Commands sent since the start.
  std::uint64_t commands() const { return commands_; }

 private:
  struct Asked {
    TimePoint at = TimePoint::min();
    bool under_way = false;
    bool failed = false;
  };
  struct Wish {
    int priority;
    TimePoint asked_at;  ///< the longest waiting first
    Ask ask;
  };

  void settle(const Endpoint& endpoint, Question question, bool answered);
  void refill(TimePoint now);
  std::size_t count(Role role) const;
  bool affordable(const Wish& wish) const;
  void spend(Question question);
  void wish(std::vector<Wish>& out, int priority, const Target& target, Question question, Duration interval,
            TimePoint now) const;
  std::vector<Wish> wishes(TimePoint now) const;
  const Asked* asked(const Ask& ask) const;

  ProbeSettings settings_;
  Cost cost_;
  std::vector<Target> targets_;
  std::map<NodeId, TimePoint> suspects_;
  std::set<Ask> urgent_;
  std::map<Ask, Asked> asked_;
  Budget command_budget_;
  Budget byte_budget_;
  TimePoint refilled_ = TimePoint::min();
  std::optional<TimePoint> last_round_;  ///< when the last question of a round left
  std::uint64_t commands_ = 0;
};

}  // namespace dbha
