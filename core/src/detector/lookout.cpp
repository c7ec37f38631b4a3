#include "detector/lookout.hpp"

#include <algorithm>

#include "topology/ranges.hpp"

namespace dbha {
namespace {

/// While a change is seen and not yet borne out, the voters are asked again this often; and ever more rarely, because a
/// claim that nobody bears out may stand for hours (a node that is cut off) and must not eat the budget of the rounds.
constexpr Duration look_again = std::chrono::milliseconds(10);

/// The node concerned, as well as the hint tells it.
NodeId node_of(const Hint& hint, const Target* at_endpoint, const Topology* published) {
  if (!hint.node.empty()) return hint.node;
  if (at_endpoint && !at_endpoint->id.empty()) return at_endpoint->id;
  const Node* owner = hint.partition && published ? published->owner(*hint.partition) : nullptr;
  return owner ? owner->id : NodeId{};
}

bool says_gone(HintKind kind) {
  return kind == HintKind::connection_lost || kind == HintKind::refused || kind == HintKind::silent;
}

/// Somebody else is said to own it already: the shard and the voters can tell at once who.
bool says_replaced(HintKind kind) {
  return kind == HintKind::demoted || kind == HintKind::redirected || kind == HintKind::read_only;
}

}  // namespace

Lookout::Lookout(ProbeSettings settings, Prober::Cost cost) : prober_(settings, std::move(cost)) {}

// ---- Signs

void Lookout::on_hint(const Hint& hint, const Topology* published, TimePoint now) {
  const Target* concerned = target(node_of(hint, target(hint.endpoint), published));
  if (!concerned) return;
  if (concerned->role == Role::replica && says_gone(hint.kind)) return;  // it takes nothing with it
  const bool first = !prober_.suspects().contains(concerned->shard);
  suspect(concerned->shard, published, now);
  if (!first || !says_replaced(hint.kind)) return;
  ask_shard(concerned->shard, Question::view);
  ask_voters(Question::epoch);
}

void Lookout::on_role(const RoleAnswer& answer, const Observations& said, const Topology* published, TimePoint now) {
  const Target* asked = target(answer.endpoint);
  if (!asked || asked->id.empty() || answer.role == Role::unknown) return;
  const View* view = said.latest(asked->id);
  if (answer.role == (view ? view->role : asked->role))
    return;  // where views take turns, others' word must do at first
  // Promoted: its own view and the voters' epochs are all that an announcement needs. Demoted: its replicas know more.
  suspect(asked->shard, published, now);
  prober_.urgent(answer.endpoint, Question::view);
  if (answer.role == Role::primary) ask_voters(Question::epoch);
  if (answer.role == Role::replica) ask_shard(asked->shard, Question::view);
}

void Lookout::on_epoch(const EpochAnswer& answer, const Observations& said) {
  if (!prober_.pace().sampled || !said.outdated(answer.node)) return;
  const View* view = said.latest(answer.node);
  if (view->role == Role::primary && answer.own_epoch > self_report(*view).epoch)
    prober_.urgent(answer.endpoint, Question::view);
  prober_.renew(answer.endpoint);
}

/// Silence is a sign only from a node that has spoken before: at the start nobody is connected yet.
void Lookout::on_no_answer(const Endpoint& endpoint, const Observations& said, const Topology* published,
                           TimePoint now) {
  const Target* asked = target(endpoint);
  if (asked && asked->role == Role::primary && said.latest(asked->id)) suspect(asked->shard, published, now);
}

// ---- Looking again

void Lookout::concluded(const std::set<NodeId>& voters, const std::vector<Withheld>& withheld,
                        const PartitionMap<PendingReshard>& pending, const Evidence& seen, TimePoint now) {
  voters_ = voters;
  heard_.clear();
  for (const auto& voter : voters_)
    if (auto word = seen.words.find(voter); word != seen.words.end()) heard_[voter] = word->second.current_epoch;
  std::set<Matter> matters;
  for (const auto& w : withheld)
    if (!w.lower) matters.insert({w.claim.owner, w.claim.epoch, {}});
  awaited_.clear();
  for (const auto& [range, waiting] : pending) {
    awaited_.insert(waiting.from);
    matters.insert({waiting.from, {}, waiting.since});
  }
  std::erase_if(open_, [&](const auto& entry) { return !matters.contains(entry.first); });
  for (const auto& matter : matters) open_.try_emplace(matter, Looks{now, now - look_again});
  look_closer(now);
}

bool Lookout::awaits(const NodeId& node) const {
  return awaited_.contains(node);
}

void Lookout::look_closer(TimePoint now) {
  for (auto& [matter, looks] : open_) {
    const Duration pause = std::clamp((now - looks.begun) / 4, look_again, prober_.period());
    if (now - looks.last < pause) continue;
    looks.last = now;
    if (const Target* node = target(matter.asked)) prober_.urgent(node->endpoint, Question::view);
    if (matter.since == TimePoint{}) ask_voters_below(matter.epoch);
  }
}

void Lookout::ask_for_views(const std::vector<NodeId>& nodes) {
  for (const auto& id : nodes)
    if (const Target* node = target(id)) prober_.urgent(node->endpoint, Question::view);
}

/// A shard that owns nothing hides no new owner: a dead former primary would be suspect again with each question that
/// it does not answer.
void Lookout::suspect(const NodeId& shard, const Topology* published, TimePoint now) {
  const auto owned_by_it = [&](const auto& entry) { return entry.value.owner == shard; };
  if (published && std::none_of(published->claims.begin(), published->claims.end(), owned_by_it)) return;
  prober_.suspect(shard, now);
}

void Lookout::ask_voters_below(Epoch epoch) {
  for (const auto& voter : voters_) {
    const auto heard = heard_.find(voter);
    if (heard != heard_.end() && heard->second >= epoch) continue;
    if (const Target* t = target(voter)) prober_.urgent(t->endpoint, Question::epoch);
  }
}

void Lookout::ask_voters(Question question) {
  for (const auto& voter : voters_)
    if (const Target* t = target(voter)) prober_.urgent(t->endpoint, question);
}

void Lookout::ask_shard(const NodeId& shard, Question question) {
  for (const auto& t : prober_.targets())
    if (t.shard == shard) prober_.urgent(t.endpoint, question);
}

void Lookout::clear_suspicions(const Evidence& seen, const Topology* published) {
  if (!published) return;
  std::vector<NodeId> over;
  for (const auto& [shard, since] : prober_.suspects()) {
    const View* own = seen.of(shard);
    const bool owns = !partitions_of(*published, shard).empty();
    const bool well = own && own->asked > since && own->role == Role::primary && seen.serves(shard);
    if (!owns || well) over.push_back(shard);
  }
  for (const auto& shard : over) prober_.clear(shard);
}

// ---- Whom to ask

std::optional<std::vector<Endpoint>> Lookout::set_targets(std::vector<Target> targets) {
  if (targets == prober_.targets()) return std::nullopt;
  std::vector<Endpoint> endpoints;
  for (const auto& t : targets) endpoints.push_back(t.endpoint);
  prober_.set_targets(std::move(targets));
  return endpoints;
}

const Target* Lookout::target(const Endpoint& endpoint) const {
  return prober_.target(endpoint);
}

const Target* Lookout::target(const NodeId& id) const {
  if (id.empty()) return nullptr;
  const auto& all = prober_.targets();
  auto it = std::find_if(all.begin(), all.end(), [&](const Target& t) { return t.id == id; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace dbha
