#pragma once
/// The life of calls: each is sent, redirected, repeated or held back until it ends by a reply, its deadline or
/// close().

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <dbha/stop_watch.hpp>

#include "memory/call_fate.hpp"
#include "memory/hints.hpp"
#include "memory/line.hpp"
#include "memory/peers.hpp"
#include "memory/route.hpp"
#include "model/random.hpp"

namespace dbha::memory {

/// Loop thread only. Completions may submit more calls and close it.
class Calls {
 public:
  Calls(EventLoop& loop, Line& line, Peers& peers, Hints& hints, const DatabaseSettings& settings,
        std::uint32_t partitions);

  void submit(Call call, Completion done);
  void apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked);
  void peer_up() { dispatch(); }
  void peer_down(const Endpoint& endpoint, bool again);
  void raise(HintKind kind, const Endpoint& endpoint, std::optional<Partition> partition = std::nullopt);
  const Route& route() const { return route_; }
  /// Whether a call waits for the node, or may come to.
  bool needs(const Endpoint& endpoint) const { return route_.uses(endpoint); }
  void close();

 private:
  using Id = std::uint64_t;  // in the order of submission
  struct Pending {
    Call call;
    Completion done;
    std::optional<Partition> partition;  // nothing: any primary may answer
    TimePoint deadline{};
    CallFacts facts;
    bool sent = false;
    std::uint64_t sending = 0;  // tells the reply to this sending from one to an earlier
    Endpoint at;                // where it was sent
    unsigned redirects = 0;     // one after another, without a pause between them
    unsigned tries = 0;         // answered with "not now"
    TimePoint not_before{};     // of one that waits
    std::optional<std::string> refused;
    StopWatch stop{};
  };
  using Entry = std::map<Id, Pending>::iterator;

  std::optional<std::string> unfit(const Call& call) const;
  std::size_t bytes_of(const Call& call) const;
  void give_order(Id id, Pending& call);
  void send_or_wait(Entry entry);
  std::optional<Endpoint> target(const Pending& call) const;
  void send(Entry entry, const Endpoint& to, std::uint64_t connection);
  void wait(Entry entry);
  void end_wait(Entry entry);
  void dispatch();
  void dispatch_later(Duration delay);
  void on_reply(Id id, std::uint64_t sending, std::uint64_t connection, const std::optional<Value>& reply);
  void on_error(Entry entry, const Value& error);
  void on_moved(Entry entry, const Value& error);
  void on_lost(Entry entry);
  void try_later(Entry entry);
  void watch_deadlines();
  void end_expired();
  void stop(Id id);
  void finish(Entry entry, Outcome outcome, Value value, std::string detail);

  EventLoop& loop_;
  Line& line_;
  Peers& peers_;
  Hints& hints_;
  const DatabaseSettings settings_;
  const std::uint32_t partitions_;
  Route route_;
  std::map<Id, Pending> calls_;
  std::set<std::pair<TimePoint, Id>> deadlines_;
  std::set<Id> waiting_;
  std::map<std::optional<Partition>, std::size_t> waiting_in_;  // how many; none: no entry
  std::size_t bytes_ = 0;
  Id next_id_ = 1;
  std::uint64_t next_sending_ = 1;
  Random random_;
  TimePoint dispatch_at_ = TimePoint::max();
  Timer dispatch_timer_;
  TimePoint deadline_at_ = TimePoint::max();
  Timer deadline_timer_;
  bool closed_ = false;
};

}  // namespace dbha::memory
