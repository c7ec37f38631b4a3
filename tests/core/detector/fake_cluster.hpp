#pragma once
/// A database of three shards on virtual time: nodes that answer questions, die, come back and elect. Each node holds
/// its own picture of the others, which news reaches late, as gossip does.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <dbha/backend.hpp>

#include "support/sample_topology.hpp"
#include "support/virtual_loop.hpp"

namespace dbha::test {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct FakeNode {
  enum class State { up, killed, stopped };
  State state = State::up;
  bool hears = true;  ///< the others' news reach it, and its own the others
  NodeReport self;
  Epoch current_epoch;
  bool ok = true;
  RunId run_id;
  ReplId replid;
  std::map<NodeId, NodeReport> others;

  View view() const {
    View out;
    out.node = self.id;
    out.endpoint = self.endpoint;
    out.role = self.role;
    out.ok = ok;
    out.current_epoch = current_epoch;
    out.run_id = run_id;
    out.replid = replid;
    out.nodes.push_back(self);
    for (const auto& [id, report] : others) out.nodes.push_back(report);
    return out;
  }
};

class FakeCluster {
 public:
  static constexpr Duration half_way = microseconds(300);  ///< of a question or an answer
  static constexpr Duration gossip = milliseconds(30);     ///< until the others name a new owner
  static constexpr Duration probe_timeout = milliseconds(300);
  static constexpr std::uint32_t partitions = 300;

  /// Primaries p1, p2, p3 ... with epochs 1, 2, 3 ... and that many replicas each: r1, r2 ... then s1, s2 ...
  FakeCluster(VirtualLoop& loop, std::uint32_t shards = 3, std::uint32_t replicas = 1) : loop_(loop) {
    const std::uint32_t each = partitions / shards;
    for (std::uint32_t i = 1; i <= shards; ++i) {
      const std::string n = std::to_string(i);
      add("p" + n, Role::primary, {}, i, {range((i - 1) * each, i * each - 1)});
      for (std::uint32_t r = 0; r < replicas; ++r)
        add(std::string(1, static_cast<char>('r' + r)) + n, Role::replica, {"p" + n}, 0, {});
    }
    for (auto& [id, node] : nodes_) {
      node.current_epoch = {shards};
      for (const auto& [other, known] : nodes_)
        if (other != id) node.others[other] = known.self;
    }
  }

  FakeNode& node(const std::string& id) { return nodes_.at({id}); }
  std::map<NodeId, FakeNode>& nodes() { return nodes_; }
  std::vector<Endpoint> seeds() const { return {nodes_.begin()->second.self.endpoint}; }

  /// A listener may end before its answers come.
  using Listener = std::weak_ptr<TopologySourceListener>;

  /// Asks, as a TopologySource would; exactly one answer comes later.
  void ask(const Endpoint& endpoint, Question question, const Listener& listener) {
    const TimePoint asked = loop_.now();
    const auto none = [=] {
      if (auto l = listener.lock()) l->on_no_answer(endpoint, question, asked);
    };
    const FakeNode* known = at(endpoint);
    if (!known || known->state == FakeNode::State::killed) return later(half_way, none);
    later(half_way, [=, this] {
      const FakeNode* found = at(endpoint);
      if (!found || found->state != FakeNode::State::up) return later(asked + probe_timeout - loop_.now(), none);
      later(half_way, [=, this, view = found->view()]() mutable {
        view.asked = asked;
        view.answered = loop_.now();
        if (auto l = listener.lock()) answer(question, std::move(view), *l);
      });
    });
  }

  // ---- What befalls it

  /// kill -9: connections are reset at once.
  void kill(const std::string& id, const Listener& listener) {
    node(id).state = FakeNode::State::killed;
    later(milliseconds(5), [=, this] {
      if (auto l = listener.lock()) l->on_hint({HintKind::connection_lost, {id}, node(id).self.endpoint, std::nullopt});
    });
  }
  /// Starts again where it was killed, with what it was, as a new process.
  void start(const std::string& id) {
    FakeNode& n = node(id);
    n.state = FakeNode::State::up;
    n.run_id = fresh<RunId>("life");
    if (n.self.role == Role::primary) n.replid = fresh<ReplId>("stream");
  }
  /// A majority elects the replica: every voter's current epoch rises first, the promotion follows, the names come
  /// late.
  void elect(const std::string& id, const std::string& old) {
    const Epoch epoch = raise_epoch();
    FakeNode& n = node(id);
    const auto owns = n.others.at({old}).owns;
    n.self = report(id, Role::primary, {}, epoch.value, owns);
    n.replid = fresh<ReplId>("stream");
    n.others[{old}].owns.clear();
    promoted_at = loop_.now();
    later(gossip, [this, id] { spread(id); });
  }
  /// CLUSTER FAILOVER: the old primary hears of it late and follows then.
  void hand_over(const std::string& id, const std::string& old) {
    elect(id, old);
    later(milliseconds(19), [this, id, old] { follow(old, id); });
  }
  /// Partitions go to another primary, which takes a new epoch unless it has the greatest, as in Redis; the old owner
  /// lets go after `late`.
  void migrate(PartitionRange moved, const std::string& from, const std::string& to, Duration late = Duration(0)) {
    FakeNode& n = node(to);
    if (n.self.epoch < n.current_epoch) n.self.epoch = {n.current_epoch.value + 1};
    n.current_epoch = n.self.epoch;
    n.self.owns.push_back(moved);
    for (auto& [other, known] : n.others) known.owns = without(known.owns, moved);
    spread_epoch(n.current_epoch);
    later(late, [this, moved, from, to] {
      FakeNode& old = node(from);
      old.self.owns = without(old.self.owns, moved);
      if (old.hears) old.others[{to}] = node(to).self;
    });
    later(late + gossip, [this, from, to] {
      spread(to);
      spread(from);
    });
  }
  /// The node becomes replica of another one.
  void follow(const std::string& id, const std::string& primary) {
    FakeNode& n = node(id);
    n.self = report(id, Role::replica, {primary}, 0, {});
    n.replid = node(primary).replid;
    n.others[{primary}] = node(primary).self;
    later(gossip, [this, id] { spread(id); });
  }
  /// The node takes these partitions at a new epoch without asking anybody (TAKEOVER), and nobody hears of it.
  void take_over_alone(const std::string& id, std::vector<PartitionRange> owns, std::uint64_t epoch) {
    FakeNode& n = node(id);
    n.self = report(id, Role::primary, {}, epoch, std::move(owns));
    n.current_epoch = {epoch};
    n.replid = fresh<ReplId>("stream");
    for (auto& [other, known] : n.others)
      if (known.epoch < n.self.epoch) cede(known, n.self);
  }
  Epoch raise_epoch() {
    Epoch greatest;
    for (const auto& [id, n] : nodes_)
      if (n.hears) greatest = std::max(greatest, n.current_epoch);
    ++greatest.value;
    for (auto& [id, n] : nodes_)
      if (n.hears && n.state == FakeNode::State::up) n.current_epoch = greatest;
    return greatest;
  }
  /// All who hear learn what the node says of itself.
  void spread(const std::string& id) {
    const NodeReport said = node(id).self;
    for (auto& [other, n] : nodes_) {
      if (other.value == id || !n.hears || n.state != FakeNode::State::up) continue;
      n.others[said.id] = said;
      for (auto& [third, known] : n.others)
        if (third != said.id && known.epoch < said.epoch) cede(known, said);
      n.current_epoch = std::max(n.current_epoch, said.epoch);
    }
  }

  TimePoint promoted_at;

 private:
  static void cede(NodeReport& from, const NodeReport& to) {
    for (const auto taken : to.owns) from.owns = without(from.owns, taken);
  }

  void spread_epoch(Epoch epoch) {
    for (auto& [id, n] : nodes_)
      if (n.hears && n.state == FakeNode::State::up) n.current_epoch = std::max(n.current_epoch, epoch);
  }

  static std::vector<PartitionRange> without(const std::vector<PartitionRange>& owns, PartitionRange moved) {
    std::vector<PartitionRange> out;
    for (const auto r : owns) {
      if (r.first < moved.first) out.push_back({r.first, {std::min(r.last.value, moved.first.value - 1)}});
      if (r.last > moved.last) out.push_back({{std::max(r.first.value, moved.last.value + 1)}, r.last});
    }
    return out;
  }

  static NodeReport report(const std::string& id, Role role, NodeId primary, std::uint64_t epoch,
                           std::vector<PartitionRange> owns) {
    NodeReport out;
    out.id = {id};
    out.endpoint = {"host-" + id, 7000};
    out.role = role;
    out.primary = std::move(primary);
    out.epoch = {epoch};
    out.owns = std::move(owns);
    return out;
  }

  void add(const std::string& id, Role role, NodeId primary, std::uint64_t epoch, std::vector<PartitionRange> owns) {
    FakeNode& n = nodes_[{id}];
    n.self = report(id, role, std::move(primary), epoch, std::move(owns));
    n.run_id = {"life-" + id};
    n.replid = {"stream-" + (role == Role::primary ? id : n.self.primary.value)};
  }

  const FakeNode* at(const Endpoint& endpoint) const {
    for (const auto& [id, n] : nodes_)
      if (n.self.endpoint == endpoint) return &n;
    return nullptr;
  }

  void answer(Question question, View view, TopologySourceListener& listener) {
    switch (question) {
      case Question::view:
        return listener.on_view(std::move(view));
      case Question::role:
        return listener.on_role({view.node, view.endpoint, view.asked, view.answered, view.role, {}, true});
      case Question::epoch:
        return listener.on_epoch({view.node, view.endpoint, view.asked, view.answered, view.ok, view.current_epoch,
                                  view.nodes.front().epoch, view.nodes.size()});
      case Question::alive:
        return listener.on_alive(view.endpoint, view.node, view.asked, view.answered);
    }
  }

  template <class Name>
  Name fresh(const std::string& kind) {
    return {kind + "-" + std::to_string(++made_)};
  }

  void later(Duration delay, std::function<void()> what) {
    loop_.start_timer(delay, [what = std::move(what)]() -> std::optional<Duration> {
      what();
      return std::nullopt;
    });
  }

  VirtualLoop& loop_;
  std::map<NodeId, FakeNode> nodes_;
  int made_ = 0;
};

}  // namespace dbha::test
