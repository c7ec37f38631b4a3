#include "true_history.hpp"

#include <algorithm>

namespace dbha::sim {

TrueHistory::TrueHistory(const memory::Cluster& cluster, std::uint32_t partitions, TimePoint now)
    : cluster_(cluster), losses_(partitions), reshards_(partitions), owners_(partitions) {
  for (std::uint32_t p = 0; p < partitions; ++p)
    if (const auto owner = cluster.owner({p})) owners_[p].insert(cluster.id(*owner));
  catch_up(now);
}

void TrueHistory::catch_up(TimePoint now) {
  const auto& changes = cluster_.changes();
  for (; taken_ < changes.size(); ++taken_) take(changes[taken_]);
  for (std::size_t n = 0; n < cluster_.size(); ++n) {
    lived(cluster_.id(n), cluster_.run_id(n));
    wrote(cluster_.id(n), cluster_.run_id(n), cluster_.replid(n), now);
  }
}

void TrueHistory::take(const memory::TrueChange& change) {
  if (change.kind == memory::TrueChange::Kind::failover) promoted_[change.after] = change.at;
  for (const auto range : change.partitions)
    for (std::uint32_t p = range.first.value; p <= range.last.value; ++p) {
      if (!change.after.empty()) owners_[p].insert(change.after);
      if (change.kind == memory::TrueChange::Kind::reshard) {
        reshards_[p] = change.at;
      } else {
        losses_[p].push_back({change.at, change.before, change.kind == memory::TrueChange::Kind::assigned});
      }
    }
}

void TrueHistory::lived(const NodeId& node, const RunId& run_id) {
  auto& lives = lives_[node];
  if (!run_id.empty() && (lives.empty() || lives.back() != run_id) && !life(node, run_id)) lives.push_back(run_id);
}

void TrueHistory::said(const View& view) {
  lived(view.node, view.run_id);
  wrote(view.node, view.run_id, view.replid, view.answered);
  const auto own = std::find_if(view.nodes.begin(), view.nodes.end(), [&](const auto& r) { return r.id == view.node; });
  if (own == view.nodes.end()) return;
  NodeReport& last = said_[view.node];
  if (last.owns == own->owns) return;
  last = *own;
  for (const auto range : own->owns)
    for (std::uint32_t p = range.first.value; p <= range.last.value; ++p) owners_[p].insert(view.node);
}

void TrueHistory::wrote(const NodeId& node, const RunId& run_id, const ReplId& replid, TimePoint now) {
  Stream& stream = streams_[node];
  if (stream.run_id != run_id || stream.replid != replid) stream = {run_id, replid, now};
}

bool TrueHistory::is_gone(const NodeId& node) const {
  for (std::size_t n = 0; n < cluster_.size(); ++n)
    if (cluster_.id(n) == node && !cluster_.removed(n)) return false;
  return true;
}

bool TrueHistory::unbroken(Partition partition, const Loss& loss) const {
  const auto owner = cluster_.owner(partition);
  if (!owner) return false;
  const auto& all = losses(partition);
  const auto later = std::find_if(all.begin(), all.end(), [&](const Loss& l) { return l.at > loss.at; });
  // Away from the owner with this loss or the one before it, and back with the next one.
  const auto away = std::find_if(std::make_reverse_iterator(later), all.rend(),
                                 [&](const Loss& l) { return l.before == cluster_.id(*owner); });
  if (away == all.rend()) return false;
  const auto back = away.base();
  const auto by = [&](TimePoint at) { return at > away->at && at - away->at <= moment; };
  const bool soon = (back != all.end() && (by(back->at) || is_gone(back->before))) ||
                    by(reshards_[partition.value].value_or(TimePoint{}));
  const auto stream = streams_.find(away->before);
  return soon && stream != streams_.end() && stream->second.since <= away->at;
}

std::optional<TimePoint> TrueHistory::promoted(const NodeId& node) const {
  const auto found = promoted_.find(node);
  return found == promoted_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<TimePoint> TrueHistory::last_reshard(Partition partition) const {
  return reshards_[partition.value];
}

std::optional<std::size_t> TrueHistory::life(const NodeId& node, const RunId& run_id) const {
  const auto known = lives_.find(node);
  if (known == lives_.end()) return std::nullopt;
  const auto found = std::find(known->second.begin(), known->second.end(), run_id);
  if (found == known->second.end()) return std::nullopt;
  return static_cast<std::size_t>(found - known->second.begin());
}

}  // namespace dbha::sim
