#include "controller/self_detection.hpp"

#include "detector/conclusion.hpp"
#include "detector/publication.hpp"

namespace dbha {
namespace {

/// An answer of a life that a detector has seen end says nothing of the present one (C8).
void drop_earlier_lives(Evidence& evidence, const Topology& held) {
  std::erase_if(evidence.views, [&](const auto& entry) {
    const Node* known = held.node(entry.first);
    return known && from_an_earlier_life(*known, entry.second->run_id);
  });
}

}  // namespace

void SelfDetection::look(const std::shared_ptr<const Topology>& held, Evidence evidence, TimePoint now,
                         std::int64_t wall_ms) {
  drop_earlier_lives(evidence, *held);
  remember_marked(memory_, *held);
  const Candidate candidate = candidate_of(evidence, voters_);
  // What changes without a rise of the epoch needs answers that were asked for after a change: `now` lets none count.
  const Decision decision = decide(held->claims, candidate, evidence, now);
  trouble_ = decision.degraded ? decision.reason : "";
  if (decision.degraded) return;
  reach_.clear();
  for (const auto& [id, view] : evidence.views) reach_.push_back(id);
  Conclusion next = conclude({*held, *held, decision.claims, held->generation, candidate, evidence, memory_, now});
  memory_.pending = std::move(next.pending);
  next.topology.marks = losses_.learn(next.topology.marks, held->marks, evidence, now);
  if (held->generation == 0) next.topology.marks = {};
  topology_ = std::make_shared<const Topology>(std::move(next.topology));
  remember(memory_, *held, *topology_, evidence, now, wall_ms);
}

}  // namespace dbha
