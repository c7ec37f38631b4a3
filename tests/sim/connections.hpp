#pragma once
/// A controller's connections to the database, as far as HA is concerned: it moves them with each topology, says when
/// all primaries have answered, and carries writes to the owner. It does not believe an old owner's late success where
/// the topology says that writes may have been lost, and neither does a real backend.

#include <map>
#include <set>

#include "site.hpp"

namespace dbha::sim {

class Connections {
 public:
  static constexpr Duration apply_timeout = std::chrono::seconds(1);
  static constexpr Duration call_deadline = std::chrono::seconds(1);

  using Raise = std::function<void(Hint)>;
  Connections(Site& site, Random random, Raise raise);

  /// As Database::apply().
  void apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked, std::function<void(Applied)> done);
  /// SET at the owner, following one MOVED. `done`, later: whether it was acknowledged, as far as anybody can tell.
  void set(const std::string& key, Partition partition, std::uint64_t token, std::function<void(bool)> done);

 private:
  struct Flight {
    std::string key;
    Partition partition;
    std::uint64_t token;
    Endpoint at;
    unsigned redirects = 1;
    bool owner_failed = false;
    std::function<void(bool)> done;
  };
  using FlightId = std::uint64_t;

  void greet(const Endpoint& endpoint, Duration after);
  void on_greeted(const Endpoint& endpoint, const std::optional<Value>& reply);
  void report_applied();
  void send(FlightId id);
  void on_reply(FlightId id, const std::optional<Value>& reply);
  void redirect(FlightId id, const std::string& error);
  void land(FlightId id, bool acknowledged);
  void hint(HintKind kind, const Endpoint& endpoint, Partition partition);
  const Node* owner(Partition partition) const;

  Site& site_;
  Random random_;
  Raise raise_;
  std::map<std::pair<HintKind, Endpoint>, TimePoint> raised_;
  std::shared_ptr<const Topology> topology_;
  std::uint64_t apply_count_ = 0;
  std::set<Endpoint> missing_;
  std::function<void(Applied)> applied_;
  std::map<FlightId, Flight> flights_;
  FlightId next_flight_ = 0;
  Life life_;
};

}  // namespace dbha::sim
