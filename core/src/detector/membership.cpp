#include "detector/membership.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace dbha {
namespace {

std::set<NodeId> listed_by_majority(const Candidate& candidate, const std::vector<Saying>& sayings) {
  std::map<NodeId, std::size_t> count;
  std::size_t answering = 0;
  for (const auto& [chart, by] : sayings) {
    const auto voters = static_cast<std::size_t>(
        std::count_if(by.begin(), by.end(), [&](const NodeId& id) { return candidate.voters.contains(id); }));
    if (voters == 0) continue;
    answering += voters;
    for (const auto& report : chart->nodes) count[report.id] += voters;
  }
  std::set<NodeId> out;
  for (const auto& [id, n] : count)
    if (2 * n > answering) out.insert(id);
  return out;
}

/// What is said of the node: by itself if it answers, else what most others say; of words that equally many say, the
/// one that is known already. The newest word would not do: two nodes that lastingly disagree about a dead third one
/// would lead to a publication after each answer.
const NodeReport* report_of(const Evidence& evidence, const std::vector<Saying>& sayings, const NodeId& id,
                            const Node& known) {
  if (const View* own = evidence.of(id)) return report_on(*own, id);
  using Word = std::tuple<Endpoint, Role, NodeId>;
  const Word held{known.endpoint, known.role, known.primary};
  std::map<Word, std::pair<std::size_t, const NodeReport*>> words;
  for (const auto& [chart, by] : sayings) {
    const NodeReport* report = chart->report_on(id);
    if (!report) continue;
    auto& [count, example] = words[{report->endpoint, report->role, report->primary}];
    count += by.size();
    if (!example || report->epoch > example->epoch) example = report;
  }
  std::pair<std::size_t, bool> most{0, false};
  const NodeReport* out = nullptr;
  for (const auto& [word, said] : words) {
    const std::pair weight{said.first, word == held};
    if (weight > most) std::tie(most, out) = std::tie(weight, said.second);
  }
  return out;
}

/// The highest epoch with which each node is an owner.
std::map<NodeId, Epoch> published_epochs(const PartitionMap<Claim>& claims) {
  std::map<NodeId, Epoch> out;
  for (const auto& entry : claims) {
    if (entry.value.owner.empty()) continue;
    Epoch& epoch = out[entry.value.owner];
    epoch = std::max(epoch, entry.value.epoch);
  }
  return out;
}

/// A primary whose own claim is not published yet may have been replica a moment ago: its role waits for the claim.
void take_role(Node& node, const NodeReport& report, std::optional<Epoch> published) {
  if (report.role == Role::replica) {
    node.role = Role::replica;
    node.primary = report.primary;
    node.replid = {};
  } else if (report.role == Role::primary && (report.owns.empty() || (published && report.epoch <= *published))) {
    node.role = Role::primary;
    node.primary = {};
  }
}

void take_own_words(Node& node, const View& own, std::optional<Epoch> published) {
  // A new life writes a new stream, and is marked as such: its stream needs no claim to bear it out.
  const bool new_life = !own.run_id.empty() && own.run_id != node.run_id;
  if (new_life) {
    if (!node.run_id.empty()) node.predecessors.insert(node.predecessors.begin(), node.run_id);
    if (node.predecessors.size() > max_predecessors) node.predecessors.resize(max_predecessors);
    node.run_id = own.run_id;
  }
  const bool claims_published = !published || self_report(own).epoch <= *published;
  if (node.role == Role::primary && own.role == Role::primary && !own.replid.empty() && (claims_published || new_life))
    node.replid = own.replid;
}

}  // namespace

bool from_an_earlier_life(const Node& node, const RunId& run_id) {
  return std::find(node.predecessors.begin(), node.predecessors.end(), run_id) != node.predecessors.end();
}

std::vector<Node> members(const Topology& before, const PartitionMap<Claim>& claims, const Candidate& candidate,
                          const Evidence& evidence) {
  const auto sayings = sayings_of(evidence);
  const auto epochs = published_epochs(claims);
  std::set<NodeId> ids = listed_by_majority(candidate, sayings);
  for (const auto& [owner, epoch] : epochs) ids.insert(owner);

  std::vector<Node> out;
  for (const auto& id : ids) {
    const Node* known = before.node(id);
    Node node = known ? *known : Node{};
    node.id = id;
    const auto owner = epochs.find(id);
    std::optional<Epoch> published;
    if (owner != epochs.end()) published.emplace(owner->second);
    if (candidate.disowned.contains(id)) {
      node.role = Role::unknown;
      node.replid = {};
    } else if (const NodeReport* report = report_of(evidence, sayings, id, node)) {
      node.endpoint = report->endpoint;
      take_role(node, *report, published);
      if (const View* own = evidence.of(id)) take_own_words(node, *own, published);
    }
    // An owner routes, whatever role it had before; a role that contradicts its claim would close the connection to it.
    if (published && node.role == Role::unknown && !candidate.disowned.contains(id)) node.role = Role::primary;
    if (node.endpoint.port != 0) out.push_back(std::move(node));
  }
  return out;
}

}  // namespace dbha
