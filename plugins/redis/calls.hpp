#pragma once
/// The way of a call from submit() to its completion: sent to the owner of its slot, sent again where a reply or a loss
/// asks for it, ended by its deadline at the latest. What a reply or a loss means is decided in verdict.hpp, where a
/// slot's calls go in route.hpp; here is what follows from it.

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/event_loop.hpp>

#include "redis/call_intake.hpp"
#include "redis/call_table.hpp"
#include "redis/deferred.hpp"
#include "redis/hints.hpp"
#include "redis/peers.hpp"
#include "redis/redirect.hpp"
#include "redis/route.hpp"

namespace dbha::redis {

/// Loop thread only. Completions may submit() and close(), but not destroy it.
class Calls {
 public:
  Calls(EventLoop& loop, const DatabaseSettings& settings, Peers& peers, Hints& hints);

  /// See Database::submit. After close() the call is cancelled at once.
  void submit(Call call, Completion done);
  /// Takes the topology into the route. Calls that were sent to a node that has lost their slot are sent again to the
  /// new owner if that is safe; the others stay for their reply, which is worth nothing if the slot is marked.
  void apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked);
  void peer_up();
  /// `again`: see Peer::Listener.
  void peer_down(Peer& peer, CloseReason reason, const std::string& detail, bool again);
  /// Whether a call is to go to the node.
  bool needs(const Peer& peer) const;
  /// Ends every call. Nothing is called afterwards.
  void close();

  const Route& route() const { return route_; }
  void raise(HintKind kind, const Endpoint& endpoint, std::optional<Partition> slot = {});

 private:
  // calls.cpp: sending and waiting
  void submit_parts(const Call& call, const KeyPlaces& keys, Completion done);
  void add(Call call, const Placed& placed, Completion done);
  void refuse(Result result, Completion done);
  Peer* peer_for(PendingCall& call);
  Peer* any_peer() const;
  void send_or_wait(PendingCall& call);
  void send(PendingCall& call, Peer& peer);
  void dispatch();
  void dispatch_later(Duration delay);
  void route_changed();
  bool take_back(PendingCall& call);
  void release(PendingCall& call);
  void end_detours_to(const Endpoint& node);
  void resend_after_apply(PendingCall& call, const Route& before, const PartitionSet& marked);
  void watch_deadlines(TimePoint first);
  void end_expired();
  void abandon(PendingCall& call);
  void stop(PendingCall& call);
  void finish(PendingCall& call, Outcome outcome, Value value, std::string detail, Endpoint node);

  // calls_replies.cpp: what a reply or a loss leads to
  void on_fate(Ticket ticket, Fate fate, Value&& value);
  void on_lost(PendingCall& call, const Endpoint& node, Fate fate);
  void on_error(PendingCall& call, Peer& peer, Value&& error);
  bool log_in_for(PendingCall& call, const Peer& peer);
  void on_redirect(PendingCall& call, Peer& peer, ReplyAction action, Value&& error);
  void try_later(PendingCall& call);

  EventLoop& loop_;
  DatabaseSettings settings_;
  Peers& peers_;
  Hints& hints_;
  Route route_;
  std::vector<Peer*> peer_of_slot_;  // what route_ says, found once a change
  CallTable table_;
  Deferred refusals_;
  Timer dispatch_timer_;
  TimePoint dispatch_at_ = TimePoint::max();
  Timer deadline_timer_;
  TimePoint deadline_at_ = TimePoint::max();
  std::minstd_rand random_{std::random_device{}()};
  bool closed_ = false;
};

}  // namespace dbha::redis
