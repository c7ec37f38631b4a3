#include "node_faults.hpp"

#include <algorithm>
#include <stdexcept>

#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha::sim {

using memory::FailoverMode;
using memory::NodeState;

namespace {

constexpr Duration news_of_a_move = std::chrono::milliseconds(200);

}  // namespace

NodeFaults::NodeFaults(Site& site, const Shape& shape)
    : site_(site), shards_(shape.shards), partitions_(shape.partitions) {
  for (Index n = 0; n < site.cluster.size(); ++n) shard_of_.push_back(n % shards_);
}

/// The first node from the chosen one on where it is possible.
bool NodeFaults::cause(const Fault& fault) {
  const std::size_t all = site_.cluster.size();
  for (Index n = 0; n < all; ++n)
    if (cause_at((static_cast<Index>(fault.choice >> 16) + n) % all, fault)) return true;
  return false;
}

/// What is possible by the true state may still be refused by a node that does not know it yet.
bool NodeFaults::cause_at(Index node, const Fault& fault) {
  try {
    return try_at(node, fault);
  } catch (const std::invalid_argument&) {
    return false;
  }
}

bool NodeFaults::try_at(Index node, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kill:
      return kill(node, fault);
    case FaultKind::restart:
      return restart(node, fault);
    case FaultKind::failover:
      return fail_over(node, fault, FailoverMode::graceful);
    case FaultKind::force_failover:
      return fail_over(node, fault, FailoverMode::force);
    case FaultKind::takeover:
      return fail_over(node, fault, FailoverMode::takeover);
    case FaultKind::reshard:
      return reshard(node, fault);
    case FaultKind::stop:
      return stop(node, fault);
    case FaultKind::add_replica:
      return add_replica(node, fault);
    case FaultKind::isolate:
      return isolate(node, fault);
    case FaultKind::hide:
      return hide(node, fault);
    case FaultKind::stale_view:
      return stale_view(node, fault);
    case FaultKind::whole_outage:
      return whole_outage(fault);
    default:
      return cause_by_operator(node, fault);
  }
}

// ---- What is possible

bool NodeFaults::well(Index node) const {
  return site_.cluster.state(node) == NodeState::running && !site_.cluster.removed(node) && !impaired_.contains(node);
}

bool NodeFaults::shard_is_well(std::size_t shard) const {
  for (Index n = 0; n < shard_of_.size(); ++n)
    if (shard_of_[n] == shard && !site_.cluster.removed(n) && !well(n)) return false;
  return true;
}

bool NodeFaults::spare(Index node) const {
  if (!shard_is_well(shard_of_[node])) return false;
  if (!owns(node)) return true;
  const auto impaired_shards = [&] {
    std::set<std::size_t> out;
    for (const Index n : impaired_) out.insert(shard_of_[n]);
    return out.size();
  };
  return shards_ - impaired_shards() - 1 > shards_ / 2;
}

bool NodeFaults::owns(Index node) const {
  return !owned(node).empty();
}

std::vector<Partition> NodeFaults::owned(Index node) const {
  std::vector<Partition> out;
  for (std::uint32_t p = 0; p < partitions_; ++p)
    if (site_.cluster.owner({p}) == node) out.push_back({p});
  return out;
}

void NodeFaults::impair(Index node) {
  impaired_.insert(node);
}

void NodeFaults::mend(Index node) {
  impaired_.erase(node);
}

std::string NodeFaults::name(Index node) const {
  return short_id(site_.cluster.id(node)) + (owns(node) ? " (owner)" : "");
}

bool NodeFaults::note(const Fault& fault, const std::string& what) {
  site_.record.add("fault", fault.choice, [&] { return std::string(text_of(fault.kind)) + ' ' + what; });
  return true;
}

// ---- The faults

bool NodeFaults::kill(Index node, const Fault& fault) {
  if (!spare(node)) return false;
  const std::string who = name(node);
  site_.cluster.kill(node);
  note(fault, who);
  impair(node);
  site_.clock.after(fault.lasts, [this, node] {
    if (site_.cluster.state(node) != NodeState::down) return;
    site_.record.add("fault", node, [&] { return "start " + name(node); });
    site_.cluster.start(node);
    mend(node);
  });
  return true;
}

bool NodeFaults::restart(Index node, const Fault& fault) {
  if (!spare(node)) return false;
  const std::string who = name(node);
  site_.cluster.restart_in_place(node, fault.lasts);
  restarting_.insert(node);
  note(fault, who);
  impair(node);
  site_.clock.after(fault.lasts + std::chrono::milliseconds(1), [this, node] {
    restarting_.erase(node);
    mend(node);
  });
  return true;
}

bool NodeFaults::fail_over(Index node, const Fault& fault, FailoverMode mode) {
  const auto primary = site_.cluster.primary_of(node);
  if (!well(node) || !primary || !owns(*primary) || !well(*primary)) return false;
  site_.cluster.failover(node, mode);
  return note(fault, name(node));
}

/// Some of what one primary owns goes to another one, never all of it: a shard that owns nothing has no vote. One move
/// at a time: a giver whose epoch rises meanwhile, because it is another move's taker, takes back what it has not let
/// go of yet, and no node of the database ever notices (two operators must not reshard at once).
bool NodeFaults::reshard(Index from, const Fault& fault) {
  const std::size_t all = site_.cluster.size();
  Index to = static_cast<Index>(fault.choice >> 32) % all;
  for (std::size_t tries = 0; tries < all && (to == from || !owns(to)); ++tries) to = (to + 1) % all;
  if (to == from || !well(from) || !well(to) || unowned_ || site_.clock.now() < moved_by_) return false;
  const auto mine = owned(from);
  if (mine.size() < 2) return false;
  const std::size_t begin = (fault.choice >> 48) % (mine.size() - 1);
  const std::size_t most = 1 + (fault.choice >> 56) % 12;
  std::size_t end = begin;
  while (end + 1 < mine.size() - 1 && end - begin + 1 < most && mine[end + 1].value == mine[end].value + 1) ++end;
  const PartitionRange range{mine[begin], mine[end]};
  const Duration pace = fault.choice % 2 ? fault.lasts : Duration(0);
  site_.cluster.move(range, from, to, pace);
  moved_by_ = site_.clock.now() + pace * static_cast<int>(range.size()) + news_of_a_move;
  return note(fault, dbha::text_of(range) + ' ' + name(from) + " -> " + name(to));
}

bool NodeFaults::stop(Index node, const Fault& fault) {
  if (!spare(node)) return false;
  const std::string who = name(node);
  site_.cluster.stop(node);
  note(fault, who);
  impair(node);
  site_.clock.after(fault.lasts, [this, node] {
    if (site_.cluster.state(node) != NodeState::stopped) return;
    site_.record.add("fault", node, [&] { return "resume " + name(node); });
    site_.cluster.resume(node);
    mend(node);
  });
  return true;
}

bool NodeFaults::add_replica(Index primary, const Fault& fault) {
  if (!well(primary) || !owns(primary) || !impaired_.empty()) return false;
  const Index node = site_.cluster.add_node();
  shard_of_.push_back(shard_of_[primary]);
  site_.cluster.replicate(node, primary);
  return note(fault, name(node) + " of " + name(primary));
}

bool NodeFaults::isolate(Index node, const Fault& fault) {
  if (!spare(node)) return false;
  note(fault, name(node));
  impair(node);
  isolated_.insert(node);
  site_.cluster.isolate(isolated_);
  site_.clock.after(fault.lasts, [this, node] {
    if (isolated_.erase(node) == 0) return;
    site_.record.add("fault", node, [&] { return "rejoin " + name(node); });
    site_.cluster.isolate(isolated_);
    mend(node);
  });
  return true;
}

bool NodeFaults::hide(Index node, const Fault& fault) {
  if (!spare(node)) return false;
  note(fault, name(node));
  impair(node);
  hidden_.insert(node);
  site_.cluster.hide(hidden_);
  site_.clock.after(fault.lasts, [this, node] {
    if (hidden_.erase(node) == 0) return;
    site_.record.add("fault", node, [&] { return "show " + name(node); });
    site_.cluster.hide(hidden_);
    mend(node);
  });
  return true;
}

bool NodeFaults::stale_view(Index node, const Fault& fault) {
  if (!well(node) || frozen_.contains(node)) return false;
  note(fault, name(node));
  frozen_.insert(node);
  site_.cluster.freeze_view(node);
  site_.clock.after(fault.lasts, [this, node] {
    if (frozen_.erase(node) > 0) site_.cluster.thaw_view(node);
  });
  return true;
}

bool NodeFaults::whole_outage(const Fault& fault) {
  if (!impaired_.empty()) return false;
  note(fault, "");
  for (Index n = 0; n < site_.cluster.size(); ++n) {
    if (site_.cluster.state(n) != NodeState::running) continue;
    impair(n);
    site_.cluster.kill(n);
    site_.clock.after(fault.lasts + std::chrono::milliseconds(37 * n), [this, n] {
      if (site_.cluster.state(n) == NodeState::down) site_.cluster.start(n);
      mend(n);
    });
  }
  return true;
}

void NodeFaults::heal() {
  for (const Index n : std::exchange(frozen_, {})) site_.cluster.thaw_view(n);
  isolated_.clear();
  hidden_.clear();
  site_.cluster.isolate({});
  site_.cluster.hide({});
  for (Index n = 0; n < site_.cluster.size(); ++n) {
    if (restarting_.contains(n)) continue;  // comes back by itself
    if (site_.cluster.state(n) == NodeState::stopped) site_.cluster.resume(n);
    if (site_.cluster.state(n) == NodeState::down && !site_.cluster.removed(n)) site_.cluster.start(n);
    mend(n);
  }
  if (unowned_) give_slots(0);
}

}  // namespace dbha::sim
