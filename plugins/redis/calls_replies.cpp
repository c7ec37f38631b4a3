#include "redis/calls.hpp"
#include "redis/verdict.hpp"

namespace dbha::redis {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds(10);
constexpr Duration longest_pause = std::chrono::milliseconds(500);

}  // namespace

void Calls::on_fate(Ticket ticket, Fate fate, Value&& value) {
  PendingCall* call = table_.find(ticket);
  if (!call || closed_) return;  // it has ended, or was sent again elsewhere
  Peer& peer = *call->peer;
  release(*call);
  if (fate != Fate::replied) return on_lost(*call, peer.endpoint(), fate);
  if (value.kind == Value::Kind::error) return on_error(*call, peer, std::move(value));
  const Outcome outcome = after_success(call->facts);
  std::string detail;
  if (outcome != Outcome::ok) detail = "answered by a node that had lost the partition: the write may be gone";
  finish(*call, outcome, std::move(value), std::move(detail), peer.endpoint());
}

void Calls::on_lost(PendingCall& call, const Endpoint& node, Fate fate) {
  if (const auto outcome = after_loss(call.facts, fate)) {
    return finish(call, *outcome, {}, "the connection to " + node.text() + " was lost before the answer came", node);
  }
  if (fate == Fate::written) call.facts.maybe_done = true;
  table_.wait(call);
  dispatch_later(Duration(0));  // its slot may go to another node, which is up already
}

void Calls::on_error(PendingCall& call, Peer& peer, Value&& error) {
  const ReplyAction action = classify(error.text);
  if (action == ReplyAction::log_in && log_in_for(call, peer)) return send_or_wait(call);
  if (!call.call.transaction.empty() && refuses_multi(error)) {
    return finish(call, Outcome::outcome_unknown, std::move(error),
                  "MULTI was refused, so its commands may have taken effect one by one: allow +multi and +exec",
                  peer.endpoint());
  }
  if (action == ReplyAction::give_back || action == ReplyAction::log_in) {
    return finish(call, Outcome::error_reply, std::move(error), {}, peer.endpoint());
  }
  if (action == ReplyAction::moved || action == ReplyAction::ask) {
    return on_redirect(call, peer, action, std::move(error));
  }
  if (const auto kind = hint_of(action)) raise(*kind, peer.endpoint(), call.slot);
  if (action == ReplyAction::read_only && call.slot != CallTable::keyless) {
    call.route_in_doubt = true;
    if (route_.disowned(call.slot, peer.endpoint())) route_changed();
  }
  try_later(call);
}

/// A node that has forgotten who we are (its users were changed) has not carried the call out. False: there is nothing
/// to say to it, or it has been said.
bool Calls::log_in_for(PendingCall& call, const Peer& peer) {
  if (std::exchange(call.logged_in, true)) return false;
  return peer.connection() && peer.connection()->log_in_again();
}

void Calls::on_redirect(PendingCall& call, Peer& peer, ReplyAction action, Value&& error) {
  const auto parsed = parse_redirect(error.text, peer.endpoint());
  const auto give_up = [&](std::string why) {
    finish(call, Outcome::error_reply, std::move(error), std::move(why), peer.endpoint());
  };
  if (const Violation* violation = violation_of(parsed)) return give_up(violation->text);
  const auto& [slot, to] = std::get<Redirect>(parsed);
  if (++call.redirects > settings_.max_redirects) {
    return give_up("redirected " + std::to_string(call.redirects) + " times in a row, the last time to " + to.text());
  }
  call.slot = slot;  // the node has looked at the command itself
  if (action == ReplyAction::ask) {
    call.detour = {to, true};
  } else if (call.detoured) {
    call.detour = {to, false};  // it speaks of this call, and not to one who asked by the route
  } else {
    if (to == peer.endpoint()) return try_later(call);  // it will know better in a moment
    if (route_.moved(slot, peer.endpoint(), to)) {
      route_changed();
      raise(HintKind::redirected, peer.endpoint(), slot);
    }
  }
  send_or_wait(call);
}

/// Doubling pauses; each is drawn from its upper half, so that a fleet does not come back in step.
void Calls::try_later(PendingCall& call) {
  const Duration pause = std::min<Duration>(first_pause * (1 << std::min(call.tries++, 6U)), longest_pause);
  std::uniform_int_distribution<Duration::rep> jitter(pause.count() / 2, pause.count());
  const Duration delay(jitter(random_));
  call.not_before = loop_.now() + delay;
  call.redirects = 0;
  table_.wait(call);
  dispatch_later(delay);
}

}  // namespace dbha::redis
