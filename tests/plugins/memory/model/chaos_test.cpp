// Any faults in any order: once all is mended, the nodes agree again. What a failed seed did is printed with it.

#include <stdexcept>

#include "model/random.hpp"
#include "stage.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed), stage_(small(1 + static_cast<std::uint32_t>(seed % 2), seed)) {}

  void run() {
    for (int i = 0; i < 12; ++i) {
      try {
        fault();
      } catch (const std::invalid_argument& refused) {
        told_ += std::string("  refused: ") + refused.what() + "\n";
      }
      stage_.pass(random_.between(1ms, 4s));
    }
  }
  bool mends() {
    stage_.cluster.isolate({});
    stage_.cluster.hide({});
    for (std::size_t i = 0; i < stage_.cluster.size(); ++i) {
      if (stage_.cluster.state(i) == NodeState::stopped) stage_.cluster.resume(i);
      if (stage_.cluster.state(i) == NodeState::down) stage_.cluster.start(i);
    }
    const bool agreed = stage_.eventually([&] { return stage_.cluster.agreed(); }, 60s);
    for (std::uint32_t p = 0; p < 300; p += 50) told_ += owner_of(p);
    return agreed;
  }
  /// The record of changes, replayed, ends with the owners that there are.
  bool record_is_true() {
    PartitionMap<NodeId> owners;
    for (std::uint32_t s = 0; s < 3; ++s) owners.set(range(100 * s, 100 * s + 99), stage_.cluster.id(s));
    for (const auto& change : stage_.cluster.changes())
      for (const auto& partitions : change.partitions) {
        if (*owners.find(partitions.first) != change.before) return false;
        owners.set(partitions, change.after);
      }
    for (std::uint32_t p = 0; p < 300; ++p)
      if (*owners.find({p}) != stage_.cluster.id(*stage_.cluster.owner({p}))) return false;
    return true;
  }
  const std::string& told() const { return told_; }

 private:
  std::size_t any() { return random_.next() % stage_.cluster.size(); }
  std::string owner_of(std::uint32_t p) {
    const auto owner = stage_.cluster.owner({p});
    return owner ? std::to_string(*owner) + " " : "none ";
  }
  void tell(const std::string& verb, std::size_t node) { told_ += verb + " " + std::to_string(node) + "\n"; }

  void fault() {
    const std::size_t node = any();
    const std::size_t other = any();
    switch (random_.next() % 11) {
      case 0:
        return tell("kill", node), stage_.cluster.kill(node);
      case 1:
        return tell("start", node), stage_.cluster.start(node);
      case 2:
        return tell("stop", node), stage_.cluster.stop(node);
      case 3:
        return tell("resume", node), stage_.cluster.resume(node);
      case 4:
        return tell("restart", node), stage_.cluster.restart_in_place(node);
      case 5:
        return tell("graceful", node), stage_.cluster.failover(node);
      case 6:
        return tell("force", node), stage_.cluster.failover(node, FailoverMode::force);
      case 7:
        return tell("takeover", node), stage_.cluster.failover(node, FailoverMode::takeover);
      case 8:
        return tell("isolate", node), stage_.cluster.isolate({node, other});
      case 9:
        return tell("heal", 0), stage_.cluster.isolate({});
      default:
        tell("move to", node);
        const auto first = static_cast<std::uint32_t>(random_.next() % 280);
        if (const auto from = stage_.cluster.owner({first})) stage_.cluster.move(range(first, first + 19), *from, node);
    }
  }

  memory::Random random_;
  Stage stage_;
  std::string told_;
};

}  // namespace

TEST_CASE("whatever befalls the nodes, once all is mended they agree again, and the record tells how they came there") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Chaos chaos(seed);
    chaos.run();
    const bool mended = chaos.mends();
    CAPTURE(seed, chaos.told());
    REQUIRE(mended);
    REQUIRE(chaos.record_is_true());
  }
}
