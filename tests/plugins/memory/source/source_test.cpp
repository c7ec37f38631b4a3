// A source of three shards and a replica of each, in real time.

#include <thread>

#include "memory/topology_source.hpp"
#include "plugins/memory/real_time.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

struct Recorder final : TopologySourceListener {
  std::vector<View> views;
  std::vector<RoleAnswer> roles;
  std::vector<EpochAnswer> epochs;
  std::vector<NodeId> alive;
  std::vector<Endpoint> no_answers;
  std::vector<Hint> hints;

  std::size_t answers() const { return views.size() + roles.size() + epochs.size() + alive.size() + no_answers.size(); }
  bool hinted(HintKind kind, const Endpoint& at) const {
    return std::any_of(hints.begin(), hints.end(), [&](const Hint& h) { return h.kind == kind && h.endpoint == at; });
  }
  void on_view(View view) override { views.push_back(std::move(view)); }
  void on_role(RoleAnswer answer) override { roles.push_back(std::move(answer)); }
  void on_epoch(EpochAnswer answer) override { epochs.push_back(answer); }
  void on_alive(Endpoint, NodeId node, TimePoint, TimePoint) override { alive.push_back(std::move(node)); }
  void on_no_answer(Endpoint endpoint, Question, TimePoint) override { no_answers.push_back(std::move(endpoint)); }
  void on_unusable(Endpoint, std::string) override {}
  void on_hint(Hint hint) override { hints.push_back(std::move(hint)); }
};

struct Bench : RealTime {
  Recorder heard;
  memory::MemorySource source{server, loop, "nb", 100ms, heard};

  Bench() { source.set_endpoints(server->seeds()); }
  bool ask(std::size_t node, Question question) {
    const auto before = heard.answers();
    source.ask(endpoint(node), question);
    return heard.answers() == before && until([&] { return heard.answers() > before; });
  }
};

}  // namespace

TEST_CASE("each question gets its answer, later than it was asked", "[sanitize]") {
  Bench b;
  REQUIRE(b.ask(0, Question::view));
  CHECK(b.heard.views.at(0).node == b.id(0));
  CHECK(b.heard.views[0].nodes.size() == 6);
  CHECK(b.heard.views[0].answered > b.heard.views[0].asked);
  REQUIRE(b.ask(3, Question::role));
  CHECK(b.heard.roles.at(0).role == Role::replica);
  CHECK(b.heard.roles[0].primary == b.endpoint(0));
  CHECK(b.heard.roles[0].synced);
  REQUIRE(b.ask(0, Question::role));
  CHECK(b.heard.roles.at(1).role == Role::primary);
  CHECK(b.heard.roles[1].primary == Endpoint{});
  REQUIRE(b.ask(1, Question::epoch));
  CHECK(b.heard.epochs.at(0).ok);
  CHECK(b.heard.epochs[0].current_epoch == Epoch{3});
  REQUIRE(b.ask(2, Question::alive));
  CHECK(b.heard.alive.at(0) == b.id(2));
}

TEST_CASE("a killed node answers nothing, and its loss is a hint, then that it refuses, once", "[sanitize]") {
  Bench b;
  REQUIRE(b.ask(1, Question::alive));
  b.kill(1);
  REQUIRE(b.until([&] { return b.heard.hinted(HintKind::connection_lost, b.endpoint(1)); }));
  CHECK(b.heard.hints.at(0).node == b.id(1));
  for (int i = 0; i < 3; ++i) REQUIRE(b.ask(1, Question::view));
  CHECK(b.heard.no_answers.size() == 3);
  CHECK(b.heard.hinted(HintKind::refused, b.endpoint(1)));
  CHECK(b.heard.hints.size() == 2);
}

TEST_CASE("a stopped node's answer is none after probe_timeout, and not used when it comes later") {
  Bench b;
  b.in_cluster([](memory::Cluster& c) { c.stop(2); });
  const auto before = std::chrono::steady_clock::now();
  REQUIRE(b.ask(2, Question::view));
  CHECK(std::chrono::steady_clock::now() - before >= 90ms);
  CHECK(b.heard.no_answers.size() == 1);
  b.in_cluster([](memory::Cluster& c) { c.resume(2); });
  REQUIRE(b.ask(2, Question::view));  // its answer stands behind the late one
  b.pass(20ms);
  REQUIRE(b.heard.views.size() == 1);
  CHECK(b.heard.views[0].node == b.id(2));
  CHECK(b.heard.answers() == 2);
}

TEST_CASE("a primary that is demoted says so without being asked") {
  Bench b;
  REQUIRE(b.ask(0, Question::alive));
  b.in_cluster([](memory::Cluster& c) { c.failover(3); });
  CHECK(b.until([&] { return b.heard.hinted(HintKind::demoted, b.endpoint(0)); }));
}

TEST_CASE("a question for an endpoint that is not kept, or is kept no more, gets no answer", "[sanitize]") {
  Bench b;
  b.source.set_endpoints({b.endpoint(0), b.endpoint(1)});
  REQUIRE(b.ask(5, Question::view));
  CHECK(b.heard.no_answers == std::vector{b.endpoint(5)});
  b.in_cluster([](memory::Cluster& c) { c.stop(1); });
  b.source.ask(b.endpoint(1), Question::view);
  b.source.set_endpoints({b.endpoint(0)});
  CHECK(b.until([&] { return b.heard.no_answers.size() == 2; }, 90ms));
}

TEST_CASE("nothing is told when a source has ended", "[sanitize]") {
  RealTime world;
  Recorder heard;
  {
    memory::MemorySource source(world.server, world.loop, "nb", 50ms, heard);
    source.set_endpoints(world.server->seeds());
    for (const auto& endpoint : world.server->seeds()) source.ask(endpoint, Question::view);
    world.in_cluster([](memory::Cluster& c) { c.kill(1); });
    const auto sent = std::chrono::steady_clock::now() + 20ms;  // answers and a loss are posted, and not served yet
    while (std::chrono::steady_clock::now() < sent) world.in_cluster([](memory::Cluster&) {});
  }
  world.kill(0);
  world.pass(100ms);
  CHECK(heard.answers() == 0);
  CHECK(heard.hints.empty());
}

TEST_CASE("a loop may end before the database does", "[sanitize]") {
  auto server = std::make_shared<memory::Server>(quick());
  for (int i = 0; i < 50; ++i) {
    EpollLoop loop;
    Recorder heard;
    memory::MemorySource source(server, loop, "nb", 50ms, heard);
    source.set_endpoints(server->seeds());
    for (const auto& endpoint : server->seeds()) source.ask(endpoint, Question::view);
    loop.turn(0ms);
  }
}

TEST_CASE("sources on several threads share one database", "[sanitize]") {
  auto server = std::make_shared<memory::Server>(quick());
  std::vector<std::size_t> views(4);
  std::vector<std::thread> threads;
  for (auto& count : views)
    threads.emplace_back([&count, server] {
      EpollLoop loop;
      Recorder heard;
      memory::MemorySource source(server, loop, "sb", 5s, heard);
      source.set_endpoints(server->seeds());
      for (int i = 0; i < 20; ++i)
        for (const auto& endpoint : server->seeds()) source.ask(endpoint, Question::view);
      const auto end = std::chrono::steady_clock::now() + 10s;
      while (heard.answers() < 120 && std::chrono::steady_clock::now() < end) loop.turn(5ms);
      count = heard.views.size();
    });
  for (auto& thread : threads) thread.join();
  CHECK(views == std::vector<std::size_t>(4, 120));
}
