#pragma once
/// Topologies and beats to send about: one that a reader knows by heart, and as many others as a seed gives.

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include <dbha/bus.hpp>

namespace dbha::test {

inline NodeId node_id(unsigned n) {
  std::string digits = std::to_string(n);
  return {std::string(40 - digits.size(), 'a') + digits};
}

/// Three shards with a replica each: nodes 1 to 3 are primaries, 4 to 6 follow them.
inline Topology three_shards() {
  Topology t{.generation = 1, .partitions = 16384, .nodes = {}, .claims = {}, .marks = {}};
  for (unsigned n = 1; n <= 6; ++n) {
    const bool primary = n <= 3;
    t.nodes.push_back({.id = node_id(n),
                       .endpoint = {"10.0.0." + std::to_string(n), 7000},
                       .role = primary ? Role::primary : Role::replica,
                       .primary = primary ? NodeId{} : node_id(n - 3),
                       .run_id = {"run" + std::to_string(n)},
                       .predecessors = {},
                       .replid = {primary ? "repl" + std::to_string(n) : ""}});
  }
  const unsigned bounds[] = {0, 5461, 10923, 16384};
  for (unsigned n = 1; n <= 3; ++n) {
    const PartitionRange range{{bounds[n - 1]}, {bounds[n] - 1}};
    t.claims.set(range, {{n}, 0, node_id(n)});
    Mark mark;
    mark.epoch = {n};
    mark.owner = node_id(n);
    mark.replid = {"repl" + std::to_string(n)};
    t.marks.set(range, mark);
  }
  return t;
}

inline Version version_of(const Topology& topology, std::uint64_t digest) {
  return {topology.generation, topology.epoch(), digest};
}

inline Beat beat_of(const Version& version, DetectorStatus status = DetectorStatus::ok) {
  Beat beat;
  beat.version = version;
  beat.status = status;
  return beat;
}

/// Valid values without sense. One seed, one sequence.
class Samples {
 public:
  explicit Samples(unsigned seed) : chance_(seed) {}

  unsigned below(unsigned n) { return std::uniform_int_distribution(0U, n - 1)(chance_); }
  std::uint64_t number() { return std::uniform_int_distribution<std::uint64_t>()(chance_) >> below(64); }

  std::string name(unsigned longest = 40) {
    std::string text(below(longest) + 1, 'x');
    for (char& c : text) c = static_cast<char>('!' + below(94));
    return text;
  }
  std::string maybe(std::string text) { return below(3) == 0 ? std::string() : text; }

  Node node(unsigned n) {
    Node node{.id = node_id(n),
              .endpoint = {name(below(20) == 0 ? 512 : 20), static_cast<std::uint16_t>(1 + below(65535))},
              .role = static_cast<Role>(below(3)),
              .primary = {maybe(name())},
              .run_id = {maybe(name())},
              .predecessors = {},
              .replid = {maybe(name())}};
    if (below(10) == 0) node.endpoint = {};
    for (unsigned i = below(static_cast<unsigned>(max_predecessors) + 1); i > 0; --i)
      node.predecessors.push_back({name()});
    return node;
  }

  Mark mark() {
    return {.epoch = {number()},
            .count = below(1000),
            .owner = {maybe(name())},
            .replid = {maybe(name())},
            .cause = static_cast<Cause>(below(5)),
            .old_owner = {maybe(name())},
            .last_healthy_ms = static_cast<std::int64_t>(number() >> 1),
            .loss = static_cast<Loss>(below(3)),
            .old_offset = below(2) == 0 ? -1 : static_cast<std::int64_t>(number() >> 1),
            .new_offset = below(2) == 0 ? -1 : static_cast<std::int64_t>(number() >> 1)};
  }

  template <class T, class Make>
  PartitionMap<T> map(std::uint32_t partitions, Make make) {
    PartitionMap<T> result;
    std::uint32_t at = 0;
    while (at < partitions) {
      const std::uint32_t last = std::min(partitions - 1, at + below(1 + partitions / 8));
      if (below(4) != 0) result.set({{at}, {last}}, make());
      at = last + 1;
    }
    return result;
  }

  Topology topology() {
    Topology t{.generation = number(), .partitions = 1 + below(1U << 20), .nodes = {}, .claims = {}, .marks = {}};
    for (unsigned n = 1, count = below(40); n <= count; ++n) t.nodes.push_back(node(100 + n));
    t.claims = map<Claim>(t.partitions, [&] { return Claim{{number()}, below(5), {maybe(name())}}; });
    t.marks = map<Mark>(t.partitions, [&] { return mark(); });
    return t;
  }

  Publication publication() {
    return {{name(), number(), number() + 1},
            {number() + 1, {number()}, number()},
            std::make_shared<const Topology>(topology())};
  }

  /// About that publication, or about another one; with nodes in reach that it has and, rarely, that it lacks.
  Beat beat(const Publication& about) {
    Beat beat{.stamp = about.stamp,
              .version = below(4) == 0 ? Version{} : about.version,
              .status = static_cast<DetectorStatus>(below(5)),
              .reason = maybe(name(512)),
              .reach = {},
              .vouched = map<Member>(16384, [] { return Member{}; }),
              .controllers = below(100000),
              .resync_window = std::chrono::milliseconds(below(86400001)),
              .suspects = {},
              .envelopes_wanted = {}};
    for (const auto& node : about.topology->nodes)
      if (below(2) == 0) beat.reach.push_back(node.id);
    if (below(5) == 0) beat.reach.push_back({name()});
    std::sort(beat.reach.begin(), beat.reach.end());
    for (unsigned i = below(4); i > 0; --i) beat.suspects.push_back({name()});
    for (unsigned i = below(4); i > 0; --i) beat.envelopes_wanted.push_back(name());
    return beat;
  }

 private:
  std::mt19937 chance_;
};

}  // namespace dbha::test
