// Clients lose a primary that the rest of the database does not miss: each node announces the port of a gate before it,
// and the bus between the nodes goes round the gates.

#include "support/gate.hpp"

#include <deque>
#include <future>

#include "fleet.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/slots.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

std::future<Result> submit(Controller& controller, std::vector<std::string> args, Duration deadline) {
  Call call;
  call.key = args.at(1);
  call.args = std::move(args);
  call.deadline = deadline;
  return controller.call(std::move(call));
}

/// Far above the some 100 us that a call takes, on a loaded machine too; below any deadline and time-out.
constexpr auto usual = 250ms;

/// The slowest of a hundred writes and reads, one after the other.
Duration slowest(Controller& controller, const std::string& key) {
  Duration longest{};
  for (int i = 0; i < 50; ++i) {
    for (const auto& args : {std::vector<std::string>{"SET", key, std::to_string(i)}, {"GET", key}}) {
      const auto before = Clock::now();
      const auto result = submit(controller, args, 10s).get();
      INFO(result.detail);
      REQUIRE(result.ok());
      longest = std::max(longest, Clock::now() - before);
    }
  }
  return longest;
}

/// Ends after its deadline, soon.
Result ended(std::future<Result> call, Clock::time_point submitted, Duration deadline) {
  REQUIRE(call.wait_until(submitted + deadline + 2s) == std::future_status::ready);
  CHECK(Clock::now() - submitted >= deadline);
  return call.get();
}

}  // namespace

TEST_CASE(
    "a primary that only its clients cannot reach holds up nothing but its own calls, and those until their end") {
  std::deque<Gate> gates;  // before the cluster: it announces their ports
  auto options = with_users({.replicas_per_primary = 0});
  options.announced_port = [&](std::size_t, std::uint16_t port) { return gates.emplace_back(port).port(); };
  lab::RedisCluster cluster(options);  // primaries 0 1 2
  Fleet fleet(cluster, {.processes = 0, .embedded = 1});
  Controller& app = *fleet.app(0);
  const auto cut_off = lab::key_in(0, 5460);
  const std::array<std::string, 2> others{lab::key_in(5461, 10921), lab::key_in(10922, 16383)};
  REQUIRE(submit(app, {"SET", cut_off, "before"}, 10s).get().ok());
  REQUIRE(gates[0].counts().to_server > 0);

  gates[0].drop();
  constexpr auto deadline = 3s;
  const auto start = Clock::now();
  auto write = submit(app, {"SET", cut_off, "lost"}, deadline);
  auto read = submit(app, {"GET", cut_off}, deadline);
  for (const auto& key : others) CHECK(slowest(app, key) < usual);
  CHECK(write.wait_for(0s) == std::future_status::timeout);
  CHECK(ended(std::move(write), start, deadline).outcome == Outcome::outcome_unknown);
  CHECK_FALSE(ended(std::move(read), start, deadline).ok());
  CHECK(cluster.value_at(0, cut_off) == "before");

  // The connection ends, and no other can be had: what is submitted now is written to nobody.
  gates[0].reset();
  const auto later = Clock::now();
  auto unwritten = submit(app, {"SET", cut_off, "never"}, deadline);
  auto unwritten_read = submit(app, {"GET", cut_off}, deadline);
  for (const auto& key : others) CHECK(slowest(app, key) < usual);
  CHECK(ended(std::move(unwritten), later, deadline).outcome == Outcome::timeout);
  CHECK(ended(std::move(unwritten_read), later, deadline).outcome == Outcome::timeout);

  gates[0].pass();
  REQUIRE(submit(app, {"SET", cut_off, "after"}, patience).get().ok());
  CHECK(cluster.value_at(0, cut_off) == "after");
  for (std::size_t i = 0; i < 3; ++i) CHECK(cluster.role(i) == "master");
  fleet.check_restarts({start_line});  // nobody failed over: the other nodes had seen nothing
}
