#pragma once
/// How often each question can be asked of a database of that size within the budget. A view names every node, so that
/// all views together grow with the square of their number: with hundreds of shards they take turns, and each primary
/// is asked the cheap question in every period, whose answer shows whether its view has changed. Pure.

#include <functional>

#include <dbha/backend.hpp>

namespace dbha {

struct ProbeSettings {
  Duration period = std::chrono::seconds(1);
  Duration heartbeat = std::chrono::milliseconds(250);
  Duration suspect_interval = std::chrono::milliseconds(5);
  Duration suspect_for = std::chrono::seconds(30);
  double commands_per_second = 500;
  double bytes_per_second = 1e6;
  Signals signals;
};

using AskingCost = std::function<QuestionCost(Question, std::size_t nodes)>;

struct Pace {
  /// Views take turns; each primary is asked for its epoch once a period instead. That is a sign of life, too.
  bool sampled = false;
  Duration period;            ///< in which every primary says something
  Duration rotation;          ///< in which every primary is asked for its view: the period, where all are asked
  Duration replica_rotation;  ///< and every replica
  Duration view_gap;          ///< between two views of a round
  Duration heartbeat;         ///< between two signs of life asked of one primary
  Duration standing;          ///< between two ROLE questions to one replica of a healthy shard
  Duration costly;            ///< between two views of one suspect node, so that they leave something to others
};

Pace pace_of(const ProbeSettings& settings, const AskingCost& cost, std::size_t primaries, std::size_t replicas,
             std::size_t nodes);

}  // namespace dbha
