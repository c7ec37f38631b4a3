#include "oracle.hpp"

#include <algorithm>
#include <set>

#include "topology/diff.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha::sim {
namespace {

constexpr double bytes_per_second = 1e6;

std::string text_of(const Claim& claim) {
  return short_id(claim.owner) + '@' + std::to_string(claim.epoch.value) +
         (claim.turn ? '.' + std::to_string(claim.turn) : "");
}

std::string text_of(const Mark& mark) {
  return short_id(mark.owner) + '@' + std::to_string(mark.epoch.value) + '#' + std::to_string(mark.count);
}

bool below(const Claim& a, const Claim& b) {
  return std::pair(a.epoch, a.turn) < std::pair(b.epoch, b.turn);
}

/// Which of them holds is decided by the stream that the owner writes.
bool differ_in_stream(const Mark& a, const Mark& b) {
  return a.epoch == b.epoch && a.count == b.count && a.owner == b.owner && !a.replid.empty() && !b.replid.empty();
}

}  // namespace

bool Spending::add(TimePoint now, double amount) {
  spent_.emplace_back(now, amount);
  sum_ += amount;
  while (spent_.front().first <= now - std::chrono::seconds(1)) {
    sum_ -= spent_.front().second;
    spent_.pop_front();
  }
  return sum_ <= allowed_ * 1.0001;
}

Oracle::Oracle(const VirtualClock& clock, Record& record, const memory::Cluster& cluster, std::uint32_t partitions,
               std::size_t controllers, std::size_t detectors, double probe_budget)
    : clock_(clock),
      record_(record),
      cluster_(cluster),
      partitions_(partitions),
      truth_(cluster, partitions, clock.now()),
      marks_(truth_, partitions, detectors),
      detectors_(detectors, Watched{{}, Spending(probe_budget), Spending(bytes_per_second)}),
      claims_(partitions),
      applied_(controllers),
      told_(controllers, std::vector<Told>(partitions)) {}

void Oracle::breach(Breach breach, std::string detail) {
  record_.add("oracle", static_cast<std::uint64_t>(breach),
              [&] { return "!! " + std::string(sim::text_of(breach)) + ": " + detail; });
  violations_.push_back({breach, std::move(detail), clock_.now()});
}

// ---- The detectors

void Oracle::detector_started(std::size_t detector, const std::shared_ptr<const Topology>& stored) {
  Watched& watched = detectors_[detector];
  watched.newest = stored ? *stored : Topology{};
  marks_.detector_started(detector, clock_.now());
  watched.commands.begin_anew();
  watched.bytes.begin_anew();
}

void Oracle::asked(std::size_t detector, QuestionCost cost) {
  Watched& watched = detectors_[detector];
  const bool within = watched.commands.add(clock_.now(), cost.commands);
  if (!watched.bytes.add(clock_.now(), cost.bytes) || !within) breach(Breach::budget, "the probe budget is exceeded");
}

void Oracle::published(std::size_t detector, const Topology& topology) {
  Topology& newest = detectors_[detector].newest;
  ++publications_;
  truth_.catch_up(clock_.now());
  check_order(newest, topology, "published");
  check_owners(topology);
  check_lives(newest, topology);
  marks_.published(detector, topology.marks, clock_.now());
  newest = topology;
}

void Oracle::check_order(const Topology& before, const Topology& after, const char* whose) {
  if (after.generation < before.generation) breach(Breach::backwards, std::string(whose) + " generation");
  if (after.generation != before.generation) return;
  walk(before.claims, after.claims, [&](PartitionRange range, const Claim* a, const Claim* b) {
    if (a && (!b || below(*b, *a)))
      breach(Breach::backwards, std::string(whose) + " claim of " + dbha::text_of(range) + ": " + text_of(*a) + " -> " +
                                    (b ? text_of(*b) : "none"));
  });
  walk(before.marks, after.marks, [&](PartitionRange range, const Mark* a, const Mark* b) {
    if (a && (!b || (newer(*a, *b) && !same_event(*a, *b) && !differ_in_stream(*a, *b))))
      breach(Breach::backwards, std::string(whose) + " mark of " + dbha::text_of(range) + ": " + text_of(*a) + " -> " +
                                    (b ? text_of(*b) : "none"));
  });
}

void Oracle::check_owners(const Topology& topology) {
  former_owners_ = std::exchange(published_owners_, {});
  for (const auto& entry : topology.claims) published_owners_.insert(entry.value.owner);
  for (const auto& [range, claim] : topology.claims)
    for (std::uint32_t p = range.first.value; p <= range.last.value; ++p) {
      auto& claims = claims_[p];
      if (std::find(claims.begin(), claims.end(), claim) != claims.end()) continue;
      claims.push_back(claim);
      if (claim.owner.empty() || truth_.ever_owned({p}, claim.owner)) {
        check_majority({p}, claim);
        continue;
      }
      return breach(Breach::unfounded, "partition " + std::to_string(p) + " never was of " + text_of(claim));
    }
}

void Oracle::said_epoch(const NodeId& node, Epoch epoch) {
  Epoch& greatest = said_epochs_[node];
  greatest = std::max(greatest, epoch);
}

bool Oracle::have_heard(const std::set<std::size_t>& owners, Epoch epoch) const {
  const auto heard = std::count_if(owners.begin(), owners.end(), [&](std::size_t n) {
    const auto said = said_epochs_.find(cluster_.id(n));  // it may have said so and been killed since
    return !(cluster_.current_epoch(n) < epoch) || (said != said_epochs_.end() && !(said->second < epoch));
  });
  return 2 * static_cast<std::size_t>(heard) > owners.size();
}

bool Oracle::is_a_node(const NodeId& id) const {
  for (std::size_t n = 0; n < cluster_.size(); ++n)
    if (cluster_.id(n) == id) return true;
  return false;
}

/// Each election, and each claim that others have heard of, has left its epoch with most of those who have a vote
/// (but for those that took the same epoch for something else at that very time, which R1 accepts until R5 repairs it).
void Oracle::check_majority(Partition partition, const Claim& claim) {
  std::set<std::size_t> owners;
  for (std::uint32_t p = 0; p < partitions_; ++p) {
    const auto owner = cluster_.owner({p});
    if (!owner) continue;
    owners.insert(*owner);
    // SETSLOT tells each node of a migration's end by itself, before gossip brings the epoch that the taker drew.
    if (truth_.last_reshard({p}) && cluster_.id(*owner) == claim.owner) return;
  }
  if (owners.empty()) return;           // all are down: the answer is of a moment ago
  if (!is_a_node(claim.owner)) return;  // another database has come to these addresses since
  // The detector's voters are those of a moment ago: one that has just been replaced had a vote when it answered.
  std::set<std::size_t> of_late;
  for (std::size_t n = 0; n < cluster_.size(); ++n)
    if (former_owners_.contains(cluster_.id(n))) of_late.insert(n);
  if (have_heard(owners, claim.epoch) || have_heard(of_late, claim.epoch)) return;
  breach(Breach::minority, "partition " + std::to_string(partition.value) + " of " + text_of(claim) +
                               ", of which no majority of " + std::to_string(owners.size()) + " has heard");
}

void Oracle::check_lives(const Topology& earlier, const Topology& topology) {
  for (const auto& node : topology.nodes) {
    if (node.run_id.empty()) continue;
    const auto life = truth_.life(node.id, node.run_id);
    if (!life) breach(Breach::unfounded, "node " + short_id(node.id) + " never lived as " + node.run_id.value);
    const Node* before = earlier.node(node.id);
    if (!life || !before || before->run_id.empty()) continue;
    if (const auto was = truth_.life(node.id, before->run_id); was && *life < *was)
      breach(Breach::backwards, "life of node " + short_id(node.id));
  }
}

// ---- The controllers

void Oracle::controller_started(std::size_t controller) {
  applied_[controller] = {};
}

void Oracle::applied(std::size_t controller, const Topology& topology) {
  if (topology.generation == 0) return;  // read by itself: any detector's replaces it
  check_order(applied_[controller], topology, "applied");
  applied_[controller] = topology;
  for (const auto& [range, claim] : topology.claims)
    for (std::uint32_t p = range.first.value; p <= range.last.value; ++p)
      if (std::find(claims_[p].begin(), claims_[p].end(), claim) == claims_[p].end())
        return breach(Breach::not_a_join, "c" + std::to_string(controller) + " partition " + std::to_string(p) + ": " +
                                              text_of(claim) + " was never published");
  for (const auto& [range, mark] : topology.marks)
    for (std::uint32_t p = range.first.value; p <= range.last.value; ++p)
      if (!marks_.find({p}, mark))
        return breach(Breach::not_a_join, "c" + std::to_string(controller) + " partition " + std::to_string(p) +
                                              ": mark " + text_of(mark) + " was never published");
}

void Oracle::told(std::size_t controller, const DbRestart& event, const Topology& topology, const Topology* applied) {
  ++events_;
  if (!applied || *applied != topology) breach(Breach::early, "c" + std::to_string(controller));
  std::string without_loss;
  for (const auto& entry : event.partitions)
    for (std::uint32_t p = entry.range.first.value; p <= entry.range.last.value; ++p) {
      const Mark* mark = topology.marks.find({p});
      if (!mark) continue;
      if (event.cause == Cause::start) told_[controller][p] = {marks_.find({p}, *mark), clock_.now()};
      if (event.cause != Cause::start) told_of(controller, {p}, *mark, without_loss);
    }
  if (!without_loss.empty())
    breach(Breach::spurious, without_loss + ": c" + std::to_string(controller) + ' ' + dbha::text_of(event.partitions));
}

void Oracle::told_of(std::size_t controller, Partition partition, const Mark& mark, std::string& without_loss) {
  Told& told = told_[controller][partition.value];
  const auto place = marks_.find(partition, mark);
  if (!place) return breach(Breach::not_a_join, "an event for mark " + text_of(mark) + ", which was never published");
  if (told.mark && *told.mark == *place) without_loss = "told again";
  if (told.mark && *told.mark > *place) without_loss = "told of an older mark";
  if (without_loss.empty()) without_loss = marks_.without_loss(partition, told.mark, *place);
  told.mark = place;
}

void Oracle::check_missed(const PartitionSet& disputed) {
  truth_.catch_up(clock_.now());
  for (std::size_t c = 0; c < told_.size(); ++c) {
    PartitionSet missed;
    PartitionSet unbroken;
    PartitionSet untold;
    for (std::uint32_t p = 0; p < partitions_; ++p) {
      const auto& losses = truth_.losses({p});
      if (losses.empty() || disputed.find({p})) continue;
      const Told& told = told_[c][p];
      const auto covered =
          std::max(told.all.value_or(TimePoint{}), told.mark ? marks_.at({p}, *told.mark).published : TimePoint{});
      const auto first =
          std::find_if(losses.begin(), losses.end(), [&](const auto& loss) { return loss.at > covered; });
      if (first == losses.end()) continue;
      (first->assigned ? untold : truth_.unbroken({p}, *first) ? unbroken : missed).set({{p}, {p}}, {});
    }
    if (!unbroken.empty()) breach(Breach::unbroken, "c" + std::to_string(c) + ' ' + dbha::text_of(unbroken));
    if (!untold.empty()) breach(Breach::untold, "c" + std::to_string(c) + ' ' + dbha::text_of(untold));
    if (!missed.empty()) breach(Breach::missed, "c" + std::to_string(c) + ' ' + dbha::text_of(missed));
  }
}

}  // namespace dbha::sim
