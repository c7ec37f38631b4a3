#include "detector/mark_setting.hpp"

#include <algorithm>

#include "topology/join.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

std::int64_t ms_between(TimePoint from, TimePoint to) {
  return std::chrono::ceil<std::chrono::milliseconds>(to - from).count();
}

/// The owner's stream of writes, taken only from its own answer as primary at that very epoch.
ReplId own_replid(const Evidence& evidence, const NodeId& owner, Epoch epoch) {
  const View* own = evidence.of(owner);
  const bool at_epoch = own && own->role == Role::primary && self_report(*own).epoch == epoch;
  return at_epoch ? own->replid : ReplId{};
}

class MarkSetter {
 public:
  MarkSetter(const Topology& before, const Topology& after, const Evidence& evidence, const MarkMemory& memory,
             TimePoint now)
      : before_(before), after_(after), evidence_(evidence), memory_(memory), now_(now) {}

  /// The mark of a piece with one claim, one old mark, and one pending reshard or none.
  Mark judge(PartitionRange piece, const Claim& claim, const Mark* old) {
    const ReplId replid = own_replid(evidence_, claim.owner, claim.epoch);
    if (!old) return next_mark(nullptr, claim, replid, Cause::start);
    const Claim* held = before_.claims.find(piece.first);
    const NodeId held_owner = held ? held->owner : NodeId{};
    if (held_owner.empty()) return after_nobody(claim, *old, replid);
    if (held_owner != claim.owner && after_.generation > before_.generation && wins(*held, claim))
      return renew(claim, *old, replid, Cause::overruled, held_owner);
    if (held_owner != claim.owner) return change_of_owner(piece, claim, *old, held_owner);
    if (restarted(claim.owner)) return renew(claim, *old, present_stream(claim.owner), Cause::restart, held_owner);
    if (stream_lost(claim.owner, old->epoch)) return renew(claim, *old, replid, Cause::failover, held_owner);
    if (const auto* waiting = memory_.pending.find(piece.first))
      return same_owner(piece, claim, *old, replid, *waiting);
    return completed(claim, *old);
  }

  PartitionMap<PendingReshard> pending;

 private:
  /// A failover, unless it may be a reshard. What changes again before the change before was borne out was none.
  Mark change_of_owner(PartitionRange piece, const Claim& claim, const Mark& old, const NodeId& from) {
    const bool again = memory_.pending.find(piece.first) != nullptr;
    const auto possible = possible_reshard(piece.first, claim, before_, evidence_, memory_.witness, now_);
    if (again || !possible) {
      const Claim said = as_said(piece, claim);
      return renew(said, old, own_replid(evidence_, said.owner, said.epoch), Cause::failover, from);
    }
    pending.set(piece, *possible);
    return old;
  }

  /// The new owner may claim it at a higher epoch already, which no majority names yet. What it was promoted or raised
  /// to is part of this change then: that epoch's confirmation is no other one.
  Claim as_said(PartitionRange piece, Claim claim) const {
    const View* own = evidence_.of(claim.owner);
    if (own && own->role == Role::primary && claims(*own, piece.first))
      claim.epoch = std::max(claim.epoch, self_report(*own).epoch);
    return claim;
  }

  Mark same_owner(PartitionRange piece, const Claim& claim, const Mark& old, const ReplId& replid,
                  const PendingReshard& waiting) {
    const auto verdict = dbha::judge(waiting, piece.first, claim, before_, evidence_, now_);
    if (verdict == ReshardVerdict::failover) return renew(claim, old, replid, Cause::failover, waiting.from);
    if (verdict == ReshardVerdict::open) pending.set(piece, waiting);
    return old;
  }

  /// "Nobody owned it" and then the same node with the same data again is no loss.
  Mark after_nobody(const Claim& claim, const Mark& old, const ReplId& replid) const {
    const bool as_before = old.owner == claim.owner && !restarted(claim.owner) &&
                           (replid.empty() || old.replid.empty() || replid == old.replid);
    return as_before ? completed(claim, old) : renew(claim, old, replid, Cause::failover, old.owner);
  }

  Mark renew(const Claim& claim, const Mark& old, const ReplId& replid, Cause cause, const NodeId& from) const {
    Mark mark = next_mark(&old, claim, replid, cause);
    mark.old_owner = from;
    auto healthy = memory_.healthy_ms.find(from);
    mark.last_healthy_ms = healthy == memory_.healthy_ms.end() ? 0 : healthy->second;
    return mark;
  }

  /// Of the new life, at whatever epoch it answers: its own may have risen by a reshard that is not confirmed yet, and
  /// a stream learnt later would seem to be another event.
  ReplId present_stream(const NodeId& owner) const {
    const View* own = evidence_.of(owner);
    return own && own->role == Role::primary ? own->replid : ReplId{};
  }

  bool restarted(const NodeId& owner) const {
    const Node* a = before_.node(owner);
    const Node* b = after_.node(owner);
    return a && b && !a->run_id.empty() && a->run_id != b->run_id;
  }

  /// The owner writes another stream and its epoch has risen above all that was seen with the old one: it was replica
  /// in between (C5). Where it was seen as replica its replid is empty; then its role and the mark's epoch tell.
  bool stream_lost(const NodeId& owner, Epoch marked) const {
    const Node* a = before_.node(owner);
    const Node* b = after_.node(owner);
    const View* own = evidence_.of(owner);
    if (!a || !b || !own || own->role != Role::primary || b->role != Role::primary) return false;
    if (a->role == Role::replica) return self_report(*own).epoch > marked;
    if (a->replid.empty() || own->replid.empty() || own->replid == a->replid) return false;
    if (b->replid != own->replid) return false;  // not taken over yet: its claims are not published
    auto seen = memory_.replid_epoch.find(owner);
    return seen == memory_.replid_epoch.end() || self_report(*own).epoch > seen->second;
  }

  /// A mark whose stream was not known yet gets it from the owner at the mark's epoch. An owner that answers for the
  /// first time at a higher epoch has been through another change.
  Mark completed(const Claim& claim, Mark mark) const {
    if (!mark.replid.empty() || mark.owner != claim.owner) return mark;  // not its stream since a reshard
    const View* own = evidence_.of(claim.owner);
    if (!own || own->role != Role::primary || own->replid.empty()) return mark;
    const Epoch said = self_report(*own).epoch;
    if (said == mark.epoch) mark.replid = own->replid;
    if (said > mark.epoch && said == claim.epoch) return renew(claim, mark, own->replid, Cause::failover, mark.owner);
    return mark;
  }

  const Topology& before_;
  const Topology& after_;
  const Evidence& evidence_;
  const MarkMemory& memory_;
  TimePoint now_;
};

template <class T>
void add_borders(std::vector<std::uint32_t>& borders, const PartitionMap<T>& map) {
  for (const auto& entry : map) {
    borders.push_back(entry.range.first.value);
    borders.push_back(entry.range.last.value + 1);
  }
}

/// Where what is known of reshards cuts a piece.
std::vector<std::uint32_t> borders_of(const MarkMemory& memory) {
  std::vector<std::uint32_t> out;
  add_borders(out, memory.pending);
  add_borders(out, memory.witness.ceded);
  add_borders(out, memory.witness.given);
  for (const auto& [id, claimed] : memory.witness.vain) add_borders(out, claimed);
  for (const auto& [id, stream] : memory.witness.streams) add_borders(out, stream.at_first);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

Marking set_marks(const Topology& before, const Topology& after, const Evidence& evidence, const MarkMemory& memory,
                  TimePoint now) {
  MarkSetter setter(before, after, evidence, memory, now);
  const auto borders = borders_of(memory);
  // Cut at the borders of the claims before and after: a piece has one of each.
  PartitionMap<std::pair<Claim, Claim>> pieces;
  walk(after.claims, before.claims, [&](PartitionRange range, const Claim* claim, const Claim* held) {
    if (claim) pieces.set(range, {*claim, held ? *held : Claim{}});
  });
  Marking out;
  walk(pieces, before.marks, [&](PartitionRange piece, const std::pair<Claim, Claim>* claims, const Mark* old) {
    if (!claims || claims->first.owner.empty()) {
      if (old) out.marks.set(piece, *old);
      return;
    }
    for (const auto part : cut(piece, borders)) out.marks.set(part, setter.judge(part, claims->first, old));
  });
  out.pending = std::move(setter.pending);
  return out;
}

void remember_marked(MarkMemory& memory, const Topology& topology) {
  for (const auto& entry : topology.marks) memory.replid_epoch.try_emplace(entry.value.owner, entry.value.epoch);
}

void remember(MarkMemory& memory, const Topology& before, const Topology& topology, const Evidence& evidence,
              TimePoint now, std::int64_t wall_ms) {
  for (const auto& [id, view] : evidence.views) {
    const Node* node = topology.node(id);
    if (!node || view->role != Role::primary) {
      memory.replid_epoch.erase(id);
      continue;
    }
    if (node->replid != view->replid) continue;
    Epoch& highest = memory.replid_epoch[id];
    highest = std::max(highest, self_report(*view).epoch);
    if (evidence.serves(id)) memory.healthy_ms[id] = wall_ms - ms_between(evidence.words.at(id).asked, now);
  }
  note(memory.witness, before, topology, evidence);
}

}  // namespace dbha
