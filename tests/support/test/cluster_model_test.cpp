// Two primaries and a replica of the first, in a model; read by the plugin's own parsers.
#include "support/cluster_model.hpp"

#include "redis/cluster_nodes.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

ClusterModel two_shards() {
  ClusterModel model;
  model.add("a", {"127.0.0.1", 1});
  model.add("b", {"127.0.0.1", 2});
  model.add("c", {"127.0.0.1", 3}, "a");
  model.take({{0}, {8191}}, "a");
  model.take({{8192}, {16383}}, "b");
  return model;
}

std::string said(const ClusterModel& model, const std::string& id, const ScriptedRedis::Args& args) {
  return model.node(id)(args).bytes.value_or("(silence)");
}

}  // namespace

TEST_CASE("what the model says is what the parser reads") {
  auto model = two_shards();
  const auto read = [&](const std::string& id) {
    return std::get<redis::ClusterNodes>(redis::parse_cluster_nodes(model.cluster_nodes(id)));
  };
  CHECK(read("b").myself.owns == std::vector<PartitionRange>{{{8192}, {16383}}});
  CHECK(read("b").myself.epoch == Epoch{2});
  CHECK(read("c").myself.primary == NodeId{"a"});
  model.promote("c");
  CHECK(read("c").myself.role == Role::primary);
  CHECK(read("c").myself.epoch == Epoch{3});
  CHECK(read("a").myself.primary == NodeId{"c"});
  CHECK(read("a").myself.owns.empty());
}

TEST_CASE("a node serves what it owns and names the owner of the rest") {
  const auto model = two_shards();
  CHECK(said(model, "a", {"GET", "b"}).empty());  // slot 3300
  CHECK(said(model, "b", {"GET", "b"}) == "-MOVED 3300 127.0.0.1:1\r\n");
  CHECK(said(model, "c", {"SET", "b", "1"}) == "-MOVED 3300 127.0.0.1:1\r\n");
  CHECK(said(model, "a", {"MGET", "b", "a"}).starts_with("-CROSSSLOT"));
}

TEST_CASE("a slot on its way is served where its keys are") {
  auto model = two_shards();
  model.migrations.push_back({.slot = {3300}, .from = "a", .to = "b", .moved = {"{b}moved"}});
  CHECK(said(model, "a", {"GET", "b"}).empty());
  CHECK(said(model, "a", {"GET", "{b}moved"}) == "-ASK 3300 127.0.0.1:2\r\n");
  CHECK(said(model, "a", {"MGET", "b", "{b}moved"}).starts_with("-TRYAGAIN"));
  CHECK(said(model, "b", {"GET", "{b}moved"}) == "-MOVED 3300 127.0.0.1:1\r\n");
  const auto b = model.node("b");
  CHECK(b({"ASKING"}).bytes->empty());
  CHECK(b({"GET", "{b}moved"}).bytes->empty());
  CHECK_FALSE(b({"GET", "{b}moved"}).bytes->empty());  // ASKING is for one command
}

TEST_CASE("a node says what hinders it") {
  auto model = two_shards();
  model.member("a").state = ClusterModel::State::loading;
  CHECK(said(model, "a", {"GET", "b"}).starts_with("-LOADING"));
  model.member("a").state = ClusterModel::State::cluster_down;
  CHECK(said(model, "a", {"GET", "b"}).starts_with("-CLUSTERDOWN"));
  CHECK(model.cluster_info("a").starts_with("cluster_state:fail"));
}
