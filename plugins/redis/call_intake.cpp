#include "redis/call_intake.hpp"

#include "redis/multi_key.hpp"
#include "redis/slot.hpp"

namespace dbha::redis {
namespace {

Unfit refused(std::string why) {
  return {{.outcome = Outcome::refused, .detail = std::move(why)}};
}

/// As a node would say it, which need not be asked: no node owns both slots for sure.
Unfit cross_slot() {
  Value error{.kind = Value::Kind::error, .text = "CROSSSLOT Keys in request don't hash to the same slot"};
  return {{.outcome = Outcome::error_reply,
           .value = std::move(error),
           .detail = "keep keys that are used together in one slot with a hash tag: {tag}key"}};
}

std::optional<Unfit> unfit(const std::vector<std::string>& args, CommandKind kind) {
  if (args.empty() || args.front().empty()) return refused("a call needs a command");
  if (kind == CommandKind::stateful)
    return refused(args.front() + " would change the connection for all other calls on it");
  if (kind == CommandKind::blocking) return refused(args.front() + " would hold up all other calls on its connection");
  return std::nullopt;
}

/// Adds the command's keys to those before it. False: they are not all in one slot.
bool gather_slot(std::optional<Partition>& slot, const std::vector<std::string>& args, const KeyPlaces& keys) {
  for (std::size_t n = 0; n < keys.count; ++n) {
    const Partition here = slot_of(args[keys.place(n)]);
    if (slot && *slot != here) return false;
    slot = here;
  }
  return true;
}

/// Whether the caller has said where the call goes.
bool place_given(const Call& call) {
  return call.partition || !call.key.empty();
}

std::optional<Partition> given_place(const Call& call) {
  if (call.partition) return call.partition;
  return slot_of(call.key);
}

std::variant<Placed, Spread, Unfit> take_in_transaction(const Call& call) {
  if (!call.args.empty()) return refused("a call has a command or a transaction, not both");
  Placed placed{.slot = {}, .repeatable = true};
  for (const auto& args : call.transaction) {
    const CommandFacts facts = facts_of(args);
    if (auto why = unfit(args, facts.kind)) return std::move(*why);
    if (!place_given(call) && !gather_slot(placed.slot, args, facts.keys)) return cross_slot();
    if (facts.kind != CommandKind::read) placed.repeatable = false;
  }
  if (place_given(call)) placed.slot = given_place(call);
  placed.repeatable |= call.repeatable;
  return placed;
}

}  // namespace

std::variant<Placed, Spread, Unfit> take_in(const Call& call) {
  if (call.partition && call.partition->value >= slots) return refused("there are partitions 0 to 16383 only");
  if (!call.transaction.empty()) return take_in_transaction(call);
  const CommandFacts facts = facts_of(call.args);
  if (auto why = unfit(call.args, facts.kind)) return std::move(*why);
  Placed placed{.slot = {}, .repeatable = call.repeatable || facts.kind == CommandKind::read};
  if (place_given(call)) {
    placed.slot = given_place(call);
  } else if (!gather_slot(placed.slot, call.args, facts.keys)) {
    if (splits(call.args)) return Spread{facts.keys};
    return cross_slot();
  }
  return placed;
}

}  // namespace dbha::redis
