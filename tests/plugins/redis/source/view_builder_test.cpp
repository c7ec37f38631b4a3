#include "redis/view_builder.hpp"

#include <random>

#include "real_replies.hpp"
#include "redis/cluster_nodes.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::redis;
namespace replies = dbha::test::replies;

namespace {

const Endpoint here{"10.1.1.1", 27101};
const ViewReplies real{replies::cluster_nodes, replies::cluster_info, replies::server, replies::replication_of_replica};

std::string refusal(const ViewReplies& texts) {
  const auto parsed = build_view(texts, here);
  const auto* violation = violation_of(parsed);
  return violation ? violation->text : "accepted";
}

/// One small damage, as a bad wire, a bad server or an attacker does it.
void mutate(std::string& text, std::mt19937& random) {
  const auto at = [&] { return random() % (text.size() + 1); };
  const auto a = at(), b = at();
  switch (random() % 5) {
    case 0:
      text.erase(std::min(a, b), random() % 40);
      break;
    case 1:
      text.insert(a, text.substr(b, random() % 80));
      break;
    case 2:
      if (a < text.size()) text[a] = static_cast<char>(random());
      break;
    case 3:
      text.resize(a);
      break;
    default:
      text.insert(a, 1, " :@,-[]\n\r09?"[random() % 12]);
      break;
  }
}

/// What core relies on, whatever the reply was.
void check_valid(const View& view) {
  REQUIRE_FALSE(view.node.empty());
  REQUIRE(view.role != Role::unknown);
  PartitionMap<NodeId> owners;
  std::uint64_t listed = 0;
  for (const auto& node : view.nodes) {
    REQUIRE_FALSE(node.endpoint.host.empty());
    REQUIRE(node.endpoint.port != 0);
    for (const auto& range : node.owns) {
      REQUIRE(range.last.value < slots);
      owners.set(range, node.id);
      listed += range.size();
    }
  }
  REQUIRE(owners.size() == listed);
}

}  // namespace

TEST_CASE("four real replies make one view") {
  const auto view = std::get<View>(build_view(real, here));
  CHECK(view.node.value == "0fb349784ead07801939deb3226a301858170aff");
  CHECK(view.endpoint == here);
  CHECK(view.role == Role::replica);
  CHECK(view.ok);
  CHECK(view.current_epoch == Epoch{7});
  CHECK(view.run_id.value == "41d2255f2dfa5a3248c93e2080b1db0a31c83783");
  CHECK(view.replid.value == "3e19db3391e5fcdb28a508f584d9f10eac335a1b");
  CHECK(view.replication_offset == 350);
  CHECK(view.nodes.size() == 6);
  check_valid(view);
}

TEST_CASE("a node that does not know its own host gets the host that answered") {
  auto texts = real;
  texts.cluster_nodes = "a :7001@17001 myself,slave b 0 0 1 connected\nb ?:7002@17002 master - 0 0 1 connected 1\n";
  const auto view = std::get<View>(build_view(texts, here));
  CHECK(view.nodes[0].endpoint == Endpoint{"10.1.1.1", 7001});
  CHECK(view.nodes[1].endpoint == Endpoint{"10.1.1.1", 7002});
}

TEST_CASE("a role that changes between the commands leaves the stream of writes unknown") {
  auto texts = real;  // CLUSTER NODES says replica
  texts.replication = replies::replication_after_promotion;
  const auto view = std::get<View>(build_view(texts, here));
  CHECK(view.role == Role::replica);
  CHECK(view.replid.empty());
  CHECK(view.previous_replid.empty());
  CHECK(view.replication_offset == -1);
  CHECK_FALSE(view.run_id.empty());
}

TEST_CASE("a malformed reply is refused with the name of its command") {
  auto texts = real;
  texts.cluster_nodes = "";
  CHECK(refusal(texts) == "a malformed reply to CLUSTER NODES: no line is marked 'myself'");
  texts = real;
  texts.cluster_info = "";
  CHECK(refusal(texts) == "a malformed reply to CLUSTER INFO: no field 'cluster_state'");
  texts = real;
  texts.server = "";
  CHECK(refusal(texts) == "a malformed reply to INFO server: no field 'run_id'");
  texts = real;
  texts.replication = "";
  CHECK(refusal(texts) == "a malformed reply to INFO replication: no field 'role'");
}

TEST_CASE("whatever damage 100000 real replies take, they are refused or make a valid view") {
  const auto seed = GENERATE(1u, 2u, 3u, 4u);
  std::mt19937 random(seed);
  unsigned refused = 0, made = 0;
  for (int i = 0; i < 25000; ++i) {
    std::string texts[] = {replies::cluster_nodes, replies::cluster_info, replies::server,
                           replies::replication_after_promotion};
    for (auto n = 1 + random() % 3; n > 0; --n) mutate(texts[random() % 4], random);
    const auto view = build_view({texts[0], texts[1], texts[2], texts[3]}, here);
    if (const auto* violation = violation_of(view)) {
      REQUIRE(violation->text.starts_with("a malformed reply to "));
      ++refused;
    } else {
      check_valid(std::get<View>(view));
      ++made;
    }
  }
  CHECK(refused > 1000);  // the damage reaches both ways out
  CHECK(made > 1000);
}
