#include "redis/cluster_nodes.hpp"

#include "real_replies.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::redis;

namespace {

ClusterNodes accepted(std::string_view reply) {
  auto parsed = parse_cluster_nodes(reply);
  if (const auto* violation = violation_of(parsed)) FAIL(violation->text);
  return std::get<ClusterNodes>(std::move(parsed));
}

std::string refused(std::string_view reply) {
  const auto parsed = parse_cluster_nodes(reply);
  const auto* violation = violation_of(parsed);
  return violation ? violation->text : "accepted";
}

/// A line of a primary, for tests that vary one column.
std::string line(const std::string& id, const std::string& address, const std::string& flags,
                 const std::string& slots = "", const std::string& epoch = "7", const std::string& primary = "-") {
  return id + ' ' + address + ' ' + flags + ' ' + primary + " 0 0 " + epoch + " connected " + slots + '\n';
}
const std::string me = line("me", "10.0.0.1:7000@17000", "myself,master", "0-9");

}  // namespace

TEST_CASE("six real nodes are read with roles, primaries, epochs and slots") {
  const auto nodes = accepted(test::replies::cluster_nodes);
  REQUIRE(nodes.nodes.size() == 6);
  CHECK(nodes.myself == nodes.nodes[1]);
  CHECK(nodes.myself.role == Role::replica);
  CHECK(nodes.myself.primary.value == "1f4ffae0bbefd3a1a46a3ee3798814995a1e2aa9");
  CHECK(nodes.myself.owns.empty());

  const auto& owner = nodes.nodes[3];
  CHECK(owner.id.value == "1f4ffae0bbefd3a1a46a3ee3798814995a1e2aa9");
  CHECK(owner.endpoint == Endpoint{"127.0.0.1", 27105});
  CHECK(owner.role == Role::primary);
  CHECK(owner.primary.empty());
  CHECK(owner.epoch == Epoch{7});
  CHECK(owner.owns == std::vector<PartitionRange>{{{0}, {5460}}});
  CHECK_FALSE(owner.failing);
}

TEST_CASE("an address is cut at the last colon and after the port, whatever the version adds") {
  struct Row {
    const char* text;
    const char* host;
    int port;
  };
  const auto row = GENERATE(values<Row>({{"10.0.0.1:7000@17000", "10.0.0.1", 7000},
                                         {"10.0.0.1:7000", "10.0.0.1", 7000},
                                         {"10.0.0.1:7000@17000,db1.example", "10.0.0.1", 7000},
                                         {"10.0.0.1:7000@17000,,tls-port=0,shard-id=69bc08", "10.0.0.1", 7000},
                                         {"::1:7000@17000", "::1", 7000},
                                         {"fe80::1%eth0:7000@17000", "fe80::1%eth0", 7000},
                                         {"2001:db8::7:65535@17000,h:1", "2001:db8::7", 65535},
                                         {":7000@17000", "", 7000},
                                         {"?:7000@17000", "", 7000},
                                         {"db-1.example:7000@17000", "db-1.example", 7000}}));
  CAPTURE(row.text);
  const auto parsed = parse_node_address(row.text);
  REQUIRE(std::holds_alternative<Endpoint>(parsed));
  CHECK(std::get<Endpoint>(parsed) == Endpoint{row.host, static_cast<std::uint16_t>(row.port)});
}

TEST_CASE("a bad address is refused with what is bad about it") {
  struct Row {
    const char* text;
    const char* violation;
  };
  const auto row = GENERATE(values<Row>({{"10.0.0.1", "an address without a port: '10.0.0.1'"},
                                         {"", "an address without a port: ''"},
                                         {"10.0.0.1:0@0", "a bad port: '10.0.0.1:0@0'"},
                                         {"10.0.0.1:65536@1", "a bad port: '10.0.0.1:65536@1'"},
                                         {"10.0.0.1:-1@1", "a bad port: '10.0.0.1:-1@1'"},
                                         {"10.0.0.1:@1", "a bad port: '10.0.0.1:@1'"},
                                         {"10.0.0.1:7x@1", "a bad port: '10.0.0.1:7x@1'"},
                                         {"a/b:7000@1", "a bad host: 'a/b:7000@1'"},
                                         {"a\x1b[2J:7000@1", "a bad host: 'a?[2J:7000@1'"}}));
  const auto parsed = parse_node_address(row.text);
  REQUIRE(violation_of(parsed));
  CHECK(violation_of(parsed)->text == row.violation);
}

TEST_CASE("slots are ranges and single slots, but importing and migrating ones are no claim") {
  const auto nodes = accepted(line("me", "h:1@2", "myself,master", "0 2-4 16383 [93-<-0fb349] [77->-1f4ffa]"));
  CHECK(nodes.myself.owns == std::vector<PartitionRange>{{{0}, {0}}, {{2}, {4}}, {{16383}, {16383}}});
}

TEST_CASE("a node that others hold for failed is reported as failing") {
  CHECK(accepted(me + line("b", "h:1@2", "master,fail")).nodes[1].failing);
  CHECK(accepted(me + line("b", "h:1@2", "master,fail?")).nodes[1].failing);
  CHECK_FALSE(accepted(me + line("b", "h:1@2", "master,nofailover")).nodes[1].failing);
}

TEST_CASE("nodes in handshake and without address are left out") {
  const auto nodes = accepted(me + line("b", "h:1@2", "handshake") + line("c", ":0@0", "slave,noaddr", "", "7", "me") +
                              line("d", ":0@0", "master,fail,noaddr", "20-30"));
  CHECK(nodes.nodes.size() == 1);
}

TEST_CASE("a fresh node that does not know its own address answers without a host") {
  CHECK(accepted(line("me", ":7001@17001", "myself,master")).myself.endpoint == Endpoint{"", 7001});
}

TEST_CASE("a replica that does not know its primary yet follows nobody") {
  const auto nodes = accepted(me + line("b", "h:1@2", "slave"));
  CHECK(nodes.nodes[1].role == Role::replica);
  CHECK(nodes.nodes[1].primary.empty());
}

TEST_CASE("blank lines, CR and a missing last newline change nothing") {
  CHECK(accepted("\n" + me.substr(0, me.size() - 1)).nodes.size() == 1);
  CHECK(accepted(me.substr(0, me.size() - 1) + "\r\n\r\n").nodes.size() == 1);
}

TEST_CASE("a reply that would make a wrong map is refused and the violation named") {
  struct Row {
    std::string reply;
    std::string violation;
  };
  const std::vector<Row> rows = {
      {"", "no line is marked 'myself'"},
      {line("b", "h:1@2", "master"), "no line is marked 'myself'"},
      {me + line("b", "h:1@2", "myself,master"), "node b is the second one marked 'myself'"},
      {me + line("me", "h:1@2", "master"), "node me is listed twice"},
      {me + "b h:1@2 master -\n", "a line of fewer than 8 columns: 'b h:1@2 master -'"},
      {me + line("-", "h:1@2", "master"), "a bad node id: '-'"},
      {me + line(std::string(65, 'a'), "h:1@2", "master"), "a bad node id: '" + std::string(48, 'a') + "...'"},
      {me + line("b\x01", "h:1@2", "master"), "a bad node id: 'b?'"},
      {me + line("b", "h:99999@2", "master"), "node b has a bad port: 'h:99999@2'"},
      {me + line("b", "h:1@2", "noflags"),
       "node b has an unknown role: expected one of 'master' and 'slave' in 'noflags'"},
      {me + line("b", "h:1@2", "master,slave"),
       "node b has an unknown role: expected one of 'master' and 'slave' in 'master,slave'"},
      {me + line("b", "h:1@2", "slave", "", "7", "a/b"), "node b follows a bad node id: 'a/b'"},
      {me + line("b", "h:1@2", "master", "", "-1"), "node b has a bad config epoch: '-1'"},
      {me + line("b", "h:1@2", "master", "", "18446744073709551616"),
       "node b has a bad config epoch: '18446744073709551616'"},
      {me + line("b", "h:1@2", "master", "16384"), "node b has bad slots: '16384'"},
      {me + line("b", "h:1@2", "master", "20-10"), "node b has bad slots: '20-10'"},
      {me + line("b", "h:1@2", "master", "20-"), "node b has bad slots: '20-'"},
      {me + line("b", "h:1@2", "master", "20-30-40"), "node b has bad slots: '20-30-40'"},
      {me + line("b", "h:1@2", "master", "20-30 30-40"), "node b lists slot 30, which is listed before"},
      {me + line("b", "h:1@2", "master", "5-20"), "node b lists slot 5, which is listed before"},
      {me + line("b", "h:1@2", "slave", "20-30", "7", "me"), "node b is a replica and owns slots"},
  };
  for (const auto& row : rows) CHECK(refused(row.reply) == row.violation);
}
