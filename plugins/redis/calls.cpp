#include "redis/calls.hpp"

#include <algorithm>

#include "redis/call_intake.hpp"
#include "redis/multi_key.hpp"

namespace dbha::redis {
namespace {

const std::vector<std::string> asking{"ASKING"};
const std::vector<std::string> multi{"MULTI"};
const std::vector<std::string> exec{"EXEC"};

/// What the call sends as one request, where that is not a single command.
std::vector<std::span<const std::string>> together(const PendingCall& call) {
  std::vector<std::span<const std::string>> commands;
  if (call.detour && call.detour->asking) commands.emplace_back(asking);
  if (call.call.transaction.empty()) {
    commands.emplace_back(call.call.args);
  } else {
    commands.emplace_back(multi);
    commands.insert(commands.end(), call.call.transaction.begin(), call.call.transaction.end());
    commands.emplace_back(exec);
  }
  return commands;
}

Result no_room(std::string why) {
  return {.outcome = Outcome::refused, .detail = std::move(why)};
}

std::string ms_text(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

Calls::Calls(EventLoop& loop, const DatabaseSettings& settings, Peers& peers, Hints& hints)
    : loop_(loop),
      settings_(settings),
      peers_(peers),
      hints_(hints),
      peer_of_slot_(slots),
      table_(settings.queue_calls, settings.queue_bytes),
      refusals_(loop) {}

void Calls::submit(Call call, Completion done) {
  if (closed_) {
    if (done) done({.outcome = Outcome::cancelled, .value = {}, .detail = "the database is closed", .node = {}});
    return;
  }
  const auto taken = take_in(call);
  if (const Unfit* unfit = std::get_if<Unfit>(&taken)) return refuse(unfit->result, std::move(done));
  if (const Spread* spread = std::get_if<Spread>(&taken)) return submit_parts(call, spread->keys, std::move(done));
  if (auto why = table_.no_room_for(call)) return refuse(no_room(std::move(*why)), std::move(done));
  add(std::move(call), std::get<Placed>(taken), std::move(done));
}

/// All parts or none: a part that finds no room would end the whole, but not take the others back.
void Calls::submit_parts(const Call& call, const KeyPlaces& keys, Completion done) {
  auto parts = split(call, keys);
  if (auto why = table_.no_room_for(call, parts.size() - 1)) return refuse(no_room(std::move(*why)), std::move(done));
  if (!done) done = [](Result&&) {};
  const auto whole = std::make_shared<Gathering>(parts, keys.count, std::move(done));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    submit(std::move(parts[i].call), [whole, i](Result result) { whole->take(i, std::move(result)); });
  }
}

void Calls::add(Call call, const Placed& placed, Completion done) {
  const TimePoint deadline = loop_.now() + call.deadline.value_or(settings_.call_deadline);
  PendingCall& added = table_.add(std::move(call), std::move(done), deadline, placed.slot.value_or(CallTable::keyless),
                                  placed.repeatable);
  added.stop = StopWatch(loop_, added.call.stop, [this, index = added.ticket.index] { stop(table_.at(index)); });
  watch_deadlines(deadline + Deadlines::tick);  // when it has certainly come due
  send_or_wait(added);
}

void Calls::refuse(Result result, Completion done) {
  if (!done) return;
  refusals_.run([done = std::move(done), result = std::move(result)] { done(result); });
}

// ---- Sending and waiting

Peer* Calls::any_peer() const {
  const auto& owners = route_.owners();
  const auto usable = [&](const Endpoint& owner) {
    Peer* peer = peers_.find(owner);
    return peer && peer->connection();
  };
  const auto at = std::find_if(owners.begin(), owners.end(), usable);
  return at != owners.end() ? peers_.find(*at) : nullptr;
}

/// Opens a peer if need be. nullptr: nobody is known to own the slot.
Peer* Calls::peer_for(PendingCall& call) {
  if (call.detour) return &peers_.open(call.detour->to);
  if (call.slot == CallTable::keyless) return any_peer();
  Peer*& peer = peer_of_slot_[call.slot.value];
  if (peer) return peer;
  const Endpoint* target = route_.target(call.slot);
  if (target) peer = &peers_.open(*target);
  return peer;
}

void Calls::route_changed() {
  std::fill(peer_of_slot_.begin(), peer_of_slot_.end(), nullptr);
  dispatch_later(Duration(0));
}

void Calls::send_or_wait(PendingCall& call) {
  Peer* peer = peer_for(call);
  const bool up = peer && peer->connection();
  if (up && (call.detour || !table_.waits(call.slot))) return send(call, *peer);
  table_.wait(call);
  if (up) {
    dispatch_later(Duration(0));  // behind those that wait already
  } else {
    call.redirects = 0;  // a loop is only what goes round without a pause
  }
}

void Calls::send(PendingCall& call, Peer& peer) {
  Connection& connection = *peer.connection();
  call.state = PendingCall::State::sent;
  call.peer = &peer;
  call.facts.owner_failed = false;
  call.session = peer.session;
  ++peer.calls;
  table_.renew_ticket(call);
  auto handler = [this, ticket = call.ticket](Fate fate, Value&& value) { on_fate(ticket, fate, std::move(value)); };
  const bool alone = call.call.transaction.empty() && !(call.detour && call.detour->asking);
  call.request = alone ? connection.send(call.call.args, std::move(handler))
                       : connection.send_together(together(call), std::move(handler));
  call.detoured = call.detour.has_value();
  call.detour.reset();
  peer.expect_answer();
}

/// Sends what can be sent of the calls that wait, oldest first; a slot whose oldest call must wait on, waits on.
void Calls::dispatch() {
  dispatch_at_ = TimePoint::max();
  std::vector<bool> held(slots + 1);
  TimePoint next = TimePoint::max();
  for (auto at = table_.waiting().begin(); at != table_.waiting().end();) {
    PendingCall& call = table_.at((at++)->second);  // steps on first: sending takes the call out of the map
    if (!call.detour && held[call.slot.value]) continue;
    const bool later = call.not_before > loop_.now();
    if (later) next = std::min(next, call.not_before);
    if (!later && std::exchange(call.route_in_doubt, false)) route_.reconsider(call.slot);
    Peer* peer = later ? nullptr : peer_for(call);
    if (!peer || !peer->connection()) {
      if (!call.detour) held[call.slot.value] = true;
      continue;
    }
    table_.end_wait(call);
    send(call, *peer);
  }
  if (next != TimePoint::max()) dispatch_later(next - loop_.now());
}

void Calls::dispatch_later(Duration delay) {
  const TimePoint at = loop_.now() + delay;
  if (at >= dispatch_at_) return;
  dispatch_at_ = at;
  dispatch_timer_ = Timer(loop_, delay, [this]() -> std::optional<Duration> {
    dispatch();
    return std::nullopt;
  });
}

/// Takes a sent call off its connection. True: not one byte of it has left, so no node can have carried it out.
bool Calls::take_back(PendingCall& call) {
  Connection* connection = call.peer ? call.peer->connection() : nullptr;
  if (!connection) return false;
  return connection->withdraw(call.request);
}

/// The call is no longer on its peer's connection, or its reply there means nothing any more.
void Calls::release(PendingCall& call) {
  --call.peer->calls;
  call.peer->idle_since = loop_.now();
  call.peer = nullptr;
  call.state = PendingCall::State::fresh;
  table_.renew_ticket(call);
}

bool Calls::needs(const Peer& peer) const {
  if (route_.uses(peer.endpoint())) return true;
  return std::any_of(table_.waiting().begin(), table_.waiting().end(), [&](const auto& entry) {
    const auto& detour = table_.at(entry.second).detour;
    return detour && detour->to == peer.endpoint();
  });
}

// ---- Topologies

void Calls::apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked) {
  const Route before = route_;
  route_.apply(std::move(topology));
  route_changed();
  for (const Endpoint& owner : route_.owners()) peers_.open(owner);
  table_.each([&](PendingCall& call) {
    if (call.state == PendingCall::State::sent) resend_after_apply(call, before, marked);
    call.not_before = TimePoint{};  // what they waited for may be over
  });
  dispatch();
}

void Calls::resend_after_apply(PendingCall& call, const Route& before, const PartitionSet& marked) {
  if (call.slot == CallTable::keyless) return;
  const Endpoint* to = route_.target(call.slot);
  if (!to || *to == call.peer->endpoint()) return;
  if (marked.find(call.slot)) call.facts.owner_failed = true;
  const Endpoint* was = before.target(call.slot);
  if (was && *was == *to) return;  // this topology changed nothing for it: it may be where an ASK sent it
  if (!take_back(call)) {
    if (!call.facts.repeatable) return;
    call.facts.maybe_done = true;
  }
  release(call);
  table_.wait(call);
}

void Calls::peer_up() {
  if (!closed_) dispatch();
}

void Calls::peer_down(Peer& peer, CloseReason reason, const std::string& detail, bool again) {
  if (closed_ || !again) return;
  if (const auto kind = hint_of(reason)) raise(*kind, peer.endpoint());
  if (route_.unreachable(peer.endpoint())) route_changed();
  end_detours_to(peer.endpoint());
  if (reason != CloseReason::auth) return;
  // Waiting would not help: the database has answered, though not to the call itself.
  std::vector<Ticket> concerned;
  for (const auto& [order, index] : table_.waiting()) {
    PendingCall& call = table_.at(index);
    if (call.slot != CallTable::keyless && peer_for(call) == &peer) concerned.push_back(call.ticket);
  }
  for (const Ticket ticket : concerned) {
    PendingCall* call = table_.find(ticket);
    if (!call) continue;
    Value error{.kind = Value::Kind::error, .text = detail, .integer = 0, .elements = {}};
    finish(*call, Outcome::error_reply, std::move(error), "the node does not let us in: " + detail, peer.endpoint());
  }
}

/// The owner is asked again: it may name another node by now.
void Calls::end_detours_to(const Endpoint& node) {
  std::vector<std::uint32_t> concerned;
  for (const auto& [order, index] : table_.waiting()) {
    const PendingCall& call = table_.at(index);
    if (call.detour && call.detour->to == node) concerned.push_back(index);
  }
  for (const std::uint32_t index : concerned) {
    table_.end_wait(table_.at(index));
    table_.at(index).detour.reset();
    try_later(table_.at(index));
  }
}

void Calls::raise(HintKind kind, const Endpoint& endpoint, std::optional<Partition> slot) {
  if (slot == CallTable::keyless) slot.reset();
  hints_.raise({.kind = kind, .node = route_.node_at(endpoint), .endpoint = endpoint, .partition = slot});
}

// ---- The end of calls

void Calls::watch_deadlines(TimePoint first) {
  if (first >= deadline_at_) return;
  deadline_at_ = first;
  deadline_timer_ = Timer(loop_, first - loop_.now(), [this]() -> std::optional<Duration> {
    deadline_at_ = TimePoint::max();
    end_expired();
    return std::nullopt;
  });
}

void Calls::end_expired() {
  for (const std::uint32_t index : table_.deadlines().expired(loop_.now())) {
    PendingCall& call = table_.at(index);
    const Endpoint* target = call.peer ? &call.peer->endpoint() : route_.target(call.slot);
    const Endpoint node = target ? *target : Endpoint{};
    abandon(call);
    if (target) raise(HintKind::silent, node, call.slot);
    const Duration allowed = call.call.deadline.value_or(settings_.call_deadline);
    finish(call, after_deadline(call.facts), {},
           "no answer within " + ms_text(allowed) + (target ? " from " + node.text() : ": nobody owns its partition"),
           node);
    if (closed_) return;
  }
  dispatch_later(Duration(0));  // some may have waited behind those that ended
  if (const auto next = table_.deadlines().next()) watch_deadlines(*next);
}

/// Nothing that comes for the call means anything to it from now on.
void Calls::abandon(PendingCall& call) {
  if (call.state != PendingCall::State::sent) return;
  if (!take_back(call)) call.facts.maybe_done = true;
  release(call);
}

void Calls::stop(PendingCall& call) {
  abandon(call);
  finish(call, after_close(call.facts), {}, "the caller stopped it", {});
  if (!closed_) dispatch_later(Duration(0));  // some may have waited behind it
}

void Calls::finish(PendingCall& call, Outcome outcome, Value value, std::string detail, Endpoint node) {
  if (call.route_in_doubt) route_.reconsider(call.slot);  // nobody else would
  const Completion done = std::move(call.done);
  const std::uint64_t session = call.session;
  table_.remove(call);
  if (!done) return;
  done({.outcome = outcome,
        .value = std::move(value),
        .detail = std::move(detail),
        .node = std::move(node),
        .session = session});
}

void Calls::close() {
  if (std::exchange(closed_, true)) return;
  dispatch_timer_.reset();
  deadline_timer_.reset();
  std::vector<std::pair<std::uint64_t, std::uint32_t>> left;
  table_.each([&](PendingCall& call) { left.emplace_back(call.order, call.ticket.index); });
  std::sort(left.begin(), left.end());
  for (const auto& refusal : refusals_.take()) refusal();
  for (const auto& [order, index] : left) {
    PendingCall& call = table_.at(index);
    abandon(call);
    finish(call, after_close(call.facts), {}, "the database was closed", {});
  }
}

}  // namespace dbha::redis
