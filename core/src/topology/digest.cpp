#include "topology/digest.hpp"

#include <string_view>

namespace dbha {
namespace {

/// Every field is preceded by nothing but its fixed size or its length, so that no two contents have the same form.
class Fnv {
 public:
  Fnv& add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) byte(static_cast<unsigned char>(number >> (8 * i)));
    return *this;
  }
  Fnv& add(std::string_view text) {
    add(text.size());
    for (const char c : text) byte(static_cast<unsigned char>(c));
    return *this;
  }
  std::uint64_t value() const { return value_; }

 private:
  void byte(unsigned char b) { value_ = (value_ ^ b) * 0x100000001b3ULL; }
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

void add(Fnv& fnv, const Node& node) {
  fnv.add(node.id.value).add(node.endpoint.host).add(node.endpoint.port).add(static_cast<std::uint64_t>(node.role));
  fnv.add(node.primary.value).add(node.run_id.value).add(node.replid.value).add(node.predecessors.size());
  for (const auto& run_id : node.predecessors) fnv.add(run_id.value);
}

struct MarkName {
  Epoch epoch;
  std::uint64_t count;
  NodeId owner;
  ReplId replid;
  friend bool operator==(const MarkName&, const MarkName&) = default;
};

/// Neighbours that differ in what is told of the change (cause, times, loss) are one range here: who saw the changes
/// together and who saw them one by one hold the same.
PartitionMap<MarkName> named_by(const PartitionMap<Mark>& marks) {
  PartitionMap<MarkName> out;
  for (const auto& [range, mark] : marks) out.set(range, {mark.epoch, mark.count, mark.owner, mark.replid});
  return out;
}

}  // namespace

Version version_of(const Topology& topology) {
  Fnv fnv;
  fnv.add(topology.generation).add(topology.partitions).add(topology.nodes.size());
  for (const auto& node : topology.nodes) add(fnv, node);
  fnv.add(topology.claims.entries().size());
  for (const auto& [range, claim] : topology.claims)
    fnv.add(range.first.value).add(range.last.value).add(claim.epoch.value).add(claim.turn).add(claim.owner.value);
  const auto marks = named_by(topology.marks);
  fnv.add(marks.entries().size());
  for (const auto& [range, mark] : marks) {
    fnv.add(range.first.value)
        .add(range.last.value)
        .add(mark.epoch.value)
        .add(mark.count)
        .add(mark.owner.value)
        .add(mark.replid.value);
  }
  return {topology.generation, topology.epoch(), fnv.value()};
}

}  // namespace dbha
