#include <csignal>

#include "lab/redis_cluster.hpp"
#include "recorder.hpp"
#include "redis/tls_context.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

Endpoint endpoint_of(const lab::RedisCluster& cluster, std::size_t index) {
  return {"127.0.0.1", cluster.node(index).port};
}

std::vector<Endpoint> endpoints_of(const lab::RedisCluster& cluster) {
  std::vector<Endpoint> all;
  for (const auto& node : cluster.nodes()) all.push_back(endpoint_of(cluster, node.index));
  return all;
}

/// The view that the node gives of itself now; asked until there is one.
View view_of(Bench& bench, TopologySource& source, const Endpoint& endpoint) {
  bench.heard.views.clear();
  REQUIRE(bench.ask_until(source, endpoint, Question::view, [&] { return !bench.heard.views.empty(); }));
  return bench.heard.views.back();
}

/// All that follows an endless wait for a reason.
std::string reason_of(Bench& bench, const Endpoint& endpoint) {
  auto source = bench.source();
  source.set_endpoints({endpoint});
  REQUIRE(bench.ask_until(source, endpoint, Question::view, [&] { return !bench.heard.unusable.empty(); }));
  return bench.heard.unusable[0].reason;
}

lab::RedisCluster::Options one_node() {
  lab::RedisCluster::Options options;
  options.primaries = 1;
  options.replicas_per_primary = 0;
  return options;
}

}  // namespace

TEST_CASE("three primaries, three replicas: all six views agree and cover every slot") {
  lab::RedisCluster cluster;
  Bench bench;
  auto source = bench.source();
  source.set_endpoints(endpoints_of(cluster));
  for (const auto& node : cluster.nodes()) {
    const auto endpoint = endpoint_of(cluster, node.index);
    const auto view = view_of(bench, source, endpoint);
    CHECK(view.node.value == node.id);
    CHECK(view.endpoint == endpoint);
    CHECK(view.ok);
    CHECK(view.run_id.value == cluster.run_id(node.index));
    CHECK(view.replid.value.size() == 40);
    CHECK(view.role == (cluster.role(node.index) == "master" ? Role::primary : Role::replica));
    REQUIRE(view.nodes.size() == 6);
    PartitionMap<NodeId> owners;
    for (const auto& report : view.nodes)
      for (const auto& range : report.owns) owners.set(range, report.id);
    CHECK(owners.size() == 16384);
  }
  CHECK(bench.heard.unusable.empty());
  CHECK(bench.heard.hints.empty());
}

TEST_CASE("a killed node is a hint within 100 ms, and its next life has another run id") {
  lab::RedisCluster cluster;
  Bench bench;
  auto source = bench.source();
  source.set_endpoints(endpoints_of(cluster));
  const auto endpoint = endpoint_of(cluster, 0);
  const auto before = view_of(bench, source, endpoint);

  const auto killed = std::chrono::steady_clock::now();
  ::kill(cluster.node(0).pid, SIGKILL);
  REQUIRE(bench.run_until([&] { return bench.heard.hints_of(HintKind::connection_lost) == 1; }, 5s));
  CHECK(std::chrono::steady_clock::now() - killed < 100ms);
  CHECK(bench.heard.hints[0].node == before.node);
  CHECK(bench.heard.hints[0].endpoint == endpoint);
  REQUIRE(bench.run_until([&] { return bench.heard.hints_of(HintKind::refused) == 1; }));

  cluster.kill(0);  // reaps it
  cluster.start(0);
  CHECK(view_of(bench, source, endpoint).run_id != before.run_id);
}

TEST_CASE("a stopped node gives no answer and keeps its connection, and answers again when it goes on") {
  lab::RedisCluster cluster(one_node());
  Bench bench;
  auto source = bench.source();
  const auto endpoint = endpoint_of(cluster, 0);
  source.set_endpoints({endpoint});
  view_of(bench, source, endpoint);
  cluster.stop(0);
  bench.heard = {};
  for (auto question : {Question::view, Question::role, Question::epoch, Question::alive})
    source.ask(endpoint, question);
  REQUIRE(bench.run_until([&] { return bench.heard.no_answers.size() == 4; }, 1s));

  cluster.resume(0);
  REQUIRE(bench.ask_until(source, endpoint, Question::role, [&] { return !bench.heard.roles.empty(); }));
  CHECK(bench.heard.views.empty());  // the late replies were not taken for answers
  CHECK(bench.heard.alive.empty());
  CHECK(bench.heard.hints.empty());
}

TEST_CASE("a graceful failover: the old primary pushes a demotion, the new one says primary") {
  lab::RedisCluster cluster;
  Bench bench;
  auto source = bench.source();
  source.set_endpoints(endpoints_of(cluster));
  const auto old_primary = endpoint_of(cluster, 0);
  const auto replica = cluster.replicas_of(0).at(0);
  const auto before = view_of(bench, source, old_primary);
  auto subscribed = cluster.client(0);
  REQUIRE(bench.run_until([&] { return subscribed.command({"PUBSUB", "SHARDCHANNELS"}).elements.size() == 1; }));

  cluster.failover(replica);
  REQUIRE(bench.run_until([&] { return bench.heard.hints_of(HintKind::demoted) == 1; }));
  CHECK(bench.heard.hints[0].node == before.node);
  CHECK(bench.heard.hints[0].partition == Partition{5460});
  bench.heard.roles.clear();
  REQUIRE(bench.ask_until(source, endpoint_of(cluster, replica), Question::role, [&] {
    return !bench.heard.roles.empty() && bench.heard.roles.back().role == Role::primary;
  }));
  CHECK(view_of(bench, source, old_primary).role == Role::replica);
  CHECK(view_of(bench, source, endpoint_of(cluster, replica)).previous_replid == before.replid);
}

TEST_CASE("the channel's own slot migrates away: a hint, and another channel is parked") {
  lab::RedisCluster::Options options;
  options.replicas_per_primary = 0;
  lab::RedisCluster cluster(options);
  Bench bench;
  auto source = bench.source();
  source.set_endpoints(endpoints_of(cluster));
  const auto from = endpoint_of(cluster, 0);
  view_of(bench, source, from);
  auto client = cluster.client(0);
  const auto channels = [&] { return client.command({"PUBSUB", "SHARDCHANNELS"}).elements; };
  REQUIRE(bench.run_until([&] { return channels().size() == 1; }));
  const auto first = channels()[0].text;

  cluster.migrate_slots(5460, 5460, 0, 1);
  REQUIRE(bench.run_until([&] { return bench.heard.hints_of(HintKind::demoted) == 1; }));
  view_of(bench, source, from);
  REQUIRE(bench.run_until([&] { return channels().size() == 1 && channels()[0].text != first; }));
}

TEST_CASE("a wrong password is named with the user, and what to check") {
  auto options = one_node();
  options.password = "right";
  lab::RedisCluster cluster(options);
  const auto endpoint = endpoint_of(cluster, 0);
  {
    Bench bench;
    bench.log_in_as({"", "wr0ng"});
    const auto reason = reason_of(bench, endpoint);
    CHECK(reason.starts_with(endpoint.text() +
                             " refused the login of user 'default': check username and password_file ('WRONGPASS"));
    CHECK(reason.find("wr0ng") == std::string::npos);
  }
  {
    Bench bench;
    CHECK(reason_of(bench, endpoint)
              .starts_with(endpoint.text() + " does not let us in without a login: set username and password_file"));
  }
  Bench bench;
  bench.log_in_as({"", "right"});
  auto source = bench.source();
  source.set_endpoints({endpoint});
  CHECK(view_of(bench, source, endpoint).ok);
}

TEST_CASE("a Redis without cluster mode is named as such") {
  auto options = one_node();
  options.cluster_enabled = false;
  lab::RedisCluster server(options);
  Bench bench;
  CHECK(reason_of(bench, endpoint_of(server, 0)) ==
        endpoint_of(server, 0).text() + " is not in cluster mode: set cluster-enabled yes in its redis.conf");
}

TEST_CASE("a user who may not ask is named with the rule that is missing; without the push it works all the same") {
  auto options = one_node();
  options.conf_lines = {"user blind on >secret +@all -cluster", "user deaf on >secret +@all -ssubscribe -role"};
  lab::RedisCluster cluster(options);
  const auto endpoint = endpoint_of(cluster, 0);
  {
    Bench bench;
    bench.log_in_as({"blind", "secret"});
    CHECK(reason_of(bench, endpoint) ==
          endpoint.text() + ": user 'blind' may not run CLUSTER NODES: add the ACL rule +cluster|nodes");
  }
  Bench bench;
  bench.log_in_as({"deaf", "secret"});
  auto source = bench.source();
  source.set_endpoints({endpoint});
  CHECK(view_of(bench, source, endpoint).ok);
  REQUIRE(bench.run_until([&] { return !bench.heard.forbidden.empty(); }));
  CHECK(bench.heard.forbidden.front() == std::pair{Signal::channel, std::string("+ssubscribe &dbha:parked:*")});
  for (int i = 0; i < 3; ++i) view_of(bench, source, endpoint);
  CHECK(cluster.acl_log_count("deaf") == 1);
  source.ask(endpoint, Question::role);
  REQUIRE(bench.run_until([&] { return bench.heard.forbidden.size() == 2; }));
  CHECK(bench.heard.forbidden.back() == std::pair{Signal::role, std::string("+role")});
  CHECK(bench.heard.unusable.empty());
}

TEST_CASE("a node with a certificate that is not trusted is unusable, and it is said what to check") {
  auto options = one_node();
  options.tls = true;
  lab::RedisCluster cluster(options);
  const auto endpoint = endpoint_of(cluster, 0);
  const auto files = cluster.authority().issue({.name = "detector"});
  GivenOptions given({{"tls_cert_file", files.certificate}, {"tls_key_file", files.key}}, {{"tls", true}});
  {
    const auto tls = redis::read_tls(given);
    Bench bench;
    bench.settings.access.tls = tls.get();
    CHECK(reason_of(bench, endpoint) ==
          endpoint.text() +
              " cannot be reached by TLS: certificate verify failed: self-signed certificate in "
              "certificate chain: check tls_ca_file, tls_server_name and tls_cert_file");
  }
  given.texts["tls_ca_file"] = cluster.authority().file();
  const auto tls = redis::read_tls(given);
  Bench bench;
  bench.settings.access.tls = tls.get();
  auto source = bench.source();
  source.set_endpoints({endpoint});
  const auto view = view_of(bench, source, endpoint);
  CHECK(view.ok);
  CHECK(view.nodes.at(0).endpoint == endpoint);  // the port that clients by TLS are told
}
