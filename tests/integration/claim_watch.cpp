#include "claim_watch.hpp"

#include <tuple>

#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha::test {
namespace {

bool moves_an_owner(ChangeKind kind) {
  return kind != ChangeKind::membership && kind != ChangeKind::address && kind != ChangeKind::restart;
}

std::string text_of(const Claim& claim) {
  return short_id(claim.owner) + '@' + std::to_string(claim.epoch.value) + '.' + std::to_string(claim.turn);
}

}  // namespace

std::string owner_line(const std::string& kind, const std::string& partitions, const std::string& from,
                       const std::string& to) {
  return kind + ' ' + partitions + ' ' + short_id({from}) + "->" + short_id({to});
}

ClaimWatch::ClaimWatch(Controller& controller) : controller_(controller), last_(controller.topology()) {
  subscription_ = controller.on(
      "topology_changed", [this](const Event& event) { return note(std::get<TopologyChanged>(event)), true; },
      "claim watch");
}

std::vector<std::string> ClaimWatch::owner_changes() const {
  const std::lock_guard lock(mutex_);
  return owner_changes_;
}

std::vector<std::string> ClaimWatch::falls() const {
  const std::lock_guard lock(mutex_);
  return falls_;
}

void ClaimWatch::note(const TopologyChanged& event) {
  auto now = controller_.topology();
  const std::lock_guard lock(mutex_);
  for (const auto& change : event.diff.changes)
    if (moves_an_owner(change.kind)) owner_changes_.push_back(dbha::text_of(TopologyDiff{{change}}));
  if (last_) compare(*last_, *now);
  last_ = std::move(now);
}

void ClaimWatch::compare(const Topology& before, const Topology& after) {
  if (after.generation > before.generation) return;
  if (after.generation < before.generation) falls_.push_back("generation " + std::to_string(after.generation));
  walk(after.claims, before.claims, [&](PartitionRange range, const Claim* now, const Claim* then) {
    if (!then || (now && std::tie(now->epoch, now->turn) >= std::tie(then->epoch, then->turn))) return;
    falls_.push_back(dbha::text_of(range) + ": " + text_of(*then) + " fell to " + (now ? text_of(*now) : "nothing"));
  });
}

}  // namespace dbha::test
