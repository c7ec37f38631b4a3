// What operators do to nodes by commands that ask no majority.

#include <stdexcept>

#include "node_faults.hpp"
#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha::sim {

using memory::NodeState;

bool NodeFaults::cause_by_operator(Index node, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::bump:
      return bump(node, fault);
    case FaultKind::isolated_bump:
      return isolated_bump(node, fault);
    case FaultKind::forget:
      return forget(node, fault);
    case FaultKind::reset:
      return reset(node, fault);
    case FaultKind::slots_to_other:
    case FaultKind::slots_back:
      return take_slots(node, fault);
    case FaultKind::readdress:
      return readdress(node, fault);
    case FaultKind::rebuild:
      return rebuild(fault);
    default:
      return false;
  }
}

bool NodeFaults::bump(Index node, const Fault& fault) {
  if (!well(node) || !owns(node)) return false;
  site_.cluster.raise_epoch(node);
  return note(fault, name(node));
}

/// The epoch rises in the middle of its isolation.
bool NodeFaults::isolated_bump(Index node, const Fault& fault) {
  if (!owns(node) || !isolate(node, fault)) return false;
  site_.clock.after(fault.lasts / 2, [this, node] {
    if (isolated_.contains(node) && site_.cluster.role(node) == Role::primary) site_.cluster.raise_epoch(node);
  });
  return true;
}

bool NodeFaults::forget(Index node, const Fault& fault) {
  if (!isolated_bump(node, fault)) return false;
  site_.clock.after(fault.lasts - std::chrono::milliseconds(1), [this, node, fault] { disown_replaced(node, fault); });
  return true;
}

/// Only where it was replaced: what nobody else owns must not be forgotten.
void NodeFaults::disown_replaced(Index node, const Fault& fault) {
  if (!isolated_.contains(node) || site_.cluster.removed(node)) return;
  for (Index other = 0; other < site_.cluster.size(); ++other) {
    const bool heir = other != node && shard_of_[other] == shard_of_[node] && well(other);
    if (!heir || !site_.cluster.promoted(other)) continue;
    try {
      site_.cluster.disown(node);
      note(fault, short_id(site_.cluster.id(node)) + " is forgotten");
    } catch (const std::invalid_argument&) {  // one of its replicas has not heard of the other owner yet
    }
    return;
  }
}

bool NodeFaults::reset(Index node, const Fault& fault) {
  if (!site_.cluster.primary_of(node) || !spare(node)) return false;
  const std::string who = name(node);
  site_.cluster.reset(node);
  note(fault, who);
  impair(node);
  restarting_.insert(node);
  site_.clock.after(fault.lasts, [this, node] {
    if (restarting_.erase(node) == 0) return;
    mend(node);
    follow_again(node);
  });
  return true;
}

void NodeFaults::follow_again(Index node) {
  for (Index to = 0; to < site_.cluster.size(); ++to) {
    if (shard_of_[to] != shard_of_[node] || !owns(to)) continue;
    try {
      return site_.cluster.replicate(node, to);
    } catch (const std::invalid_argument&) {
      continue;  // it is a replica already, or has not met that one yet
    }
  }
}

bool NodeFaults::take_slots(Index node, const Fault& fault) {
  if (!impaired_.empty() || unowned_ || site_.clock.now() < moved_by_ || !well(node)) return false;
  const auto mine = owned(node);
  if (mine.size() < 4) return false;
  const Partition first = mine[(fault.choice >> 48) % mine.size()];
  unowned_ = PartitionRange{first, first};
  site_.cluster.del_partitions(*unowned_);
  note(fault, dbha::text_of(*unowned_) + " of " + name(node));
  const bool back = fault.kind == FaultKind::slots_back;
  site_.clock.after(fault.lasts + std::chrono::milliseconds(1), [this, node, back] {
    Index to = node;
    for (Index n = 0; !back && n < site_.cluster.size() && to == node; ++n)
      if (n != node && well(n) && owns(n)) to = n;
    if (unowned_) give_slots(to);
  });
  return true;
}

/// To that one, or if it cannot have them to any.
void NodeFaults::give_slots(Index preferred) {
  const std::size_t all = site_.cluster.size();
  for (Index n = 0; n < all && unowned_; ++n) {
    const Index to = (preferred + n) % all;
    if (site_.cluster.state(to) != NodeState::running || site_.cluster.removed(to) || !owns(to)) continue;
    try {
      site_.cluster.add_partitions(*unowned_, to);
      site_.record.add("fault", to, [&] { return "ADDSLOTS " + dbha::text_of(*unowned_) + ' ' + name(to); });
      unowned_.reset();
    } catch (const std::invalid_argument&) {
      continue;  // it is no primary any more
    }
  }
  unowned_.reset();
}

bool NodeFaults::readdress(Index node, const Fault& fault) {
  if (!kill(node, fault)) return false;
  site_.cluster.readdress(node);
  return true;
}

bool NodeFaults::rebuild(const Fault& fault) {
  if (!impaired_.empty() || !restarting_.empty() || unowned_) return false;
  note(fault, "");
  for (Index n = 0; n < site_.cluster.size(); ++n) {
    impair(n);
    restarting_.insert(n);
    if (site_.cluster.state(n) == NodeState::running) site_.cluster.kill(n);
  }
  site_.clock.after(fault.lasts, [this] {
    site_.cluster.rebuild();
    for (const Index n : std::exchange(restarting_, {})) mend(n);
    for (Index n = 0; n < shard_of_.size(); ++n) shard_of_[n] = n % shards_;
  });
  return true;
}

}  // namespace dbha::sim
