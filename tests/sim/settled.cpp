// When a run is over: everybody holds the truth, and nothing is left to be done.

#include "simulation.hpp"
#include "topology/diff.hpp"

namespace dbha::sim {

std::vector<Violation> Simulation::unsettled() const {
  std::vector<Violation> out;
  for (std::size_t i = 0; i < posts_.size(); ++i)
    if (!posts_[i].running() || !posts_[i].process->detector().published()) {
      out.push_back({Breach::not_well, "there is no d" + std::to_string(i) + " with a topology", {}});
      return out;
    }
  for (const auto& post : posts_) {
    check_owners(*post.process->detector().published(), out);
    check_lives(*post.process->detector().published(), out);
  }
  check_detectors(out);
  check_fleet(out);
  return out;
}

void Simulation::check_owners(const Topology& topology, std::vector<Violation>& out) const {
  for (std::uint32_t p = 0; p < schedule_.shape.partitions; ++p) {
    const auto truth = site_.cluster.owner({p});
    const Claim* claim = topology.claims.find({p});
    const NodeId owner = truth ? site_.cluster.id(*truth) : NodeId{};
    const NodeId named = claim ? claim->owner : NodeId{};
    if (owner == named || disputed_.find({p})) continue;
    out.push_back({Breach::wrong_owner,
                   "partition " + std::to_string(p) + " is of " + short_id(owner) + ", not of " + short_id(named),
                   {}});
    return;
  }
}

void Simulation::check_lives(const Topology& topology, std::vector<Violation>& out) const {
  for (std::size_t n = 0; n < site_.cluster.size(); ++n) {
    if (site_.cluster.state(n) != memory::NodeState::running || site_.cluster.removed(n)) continue;
    const Node* node = topology.node(site_.cluster.id(n));
    if (node && node->run_id == site_.cluster.run_id(n)) continue;
    out.push_back({Breach::wrong_incarnation, "node " + short_id(site_.cluster.id(n)), {}});
  }
}

void Simulation::check_detectors(std::vector<Violation>& out) const {
  const Version& first = posts_.front().process->detector().version();
  for (std::size_t i = 0; i < posts_.size(); ++i) {
    const Detector& detector = posts_[i].process->detector();
    const std::string name = "d" + std::to_string(i);
    if (detector.status() != DetectorStatus::ok || !detector.reason().empty())
      out.push_back(
          {Breach::not_well, name + " is " + dbha::text_of(detector.status()) + ": " + detector.reason(), {}});
    if (!detector.state().memory.pending.empty())
      out.push_back({Breach::not_well, name + " has a reshard pending", {}});
    if (detector.version() != first)
      out.push_back({Breach::wrong_digest, name + " holds " + detector.version().text() + ", not " + first.text(), {}});
  }
}

void Simulation::check_fleet(std::vector<Violation>& out) const {
  const Detector& detector = posts_.front().process->detector();
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const auto& controller = seats_[i].process;
    const std::string name = "c" + std::to_string(i);
    if (!controller) {
      out.push_back({Breach::not_well, name + " does not run", {}});
      continue;
    }
    if (controller->state().version() != detector.version())
      out.push_back({Breach::wrong_digest,
                     name + " uses " + controller->state().version().text() + ", not " + detector.version().text(),
                     {}});
    // Who writes again what was lost waits for an owner that all agree on.
    if (controller->pending() > 0 && disputed_.empty())
      out.push_back({Breach::not_well, name + " has pending events", {}});
  }
}

/// What was acknowledged is there, or its loss has been told of, and it was written again.
void Simulation::check_writes() {
  for (const auto& seat : seats_)
    for (const auto& item : seat.data->items) {
      if (disputed_.find(item.partition)) continue;
      const auto owner = site_.cluster.owner(item.partition);
      const auto value = owner ? site_.cluster.value_at(*owner, item.key) : std::nullopt;
      const std::uint64_t held = value ? std::stoull(*value) : 0;
      if (held < item.acknowledged)
        site_.oracle.breach(Breach::lost_write, item.key + " in partition " + std::to_string(item.partition.value) +
                                                    ": " + std::to_string(item.acknowledged) + " was acknowledged, " +
                                                    std::to_string(held) + " is there");
    }
}

}  // namespace dbha::sim
