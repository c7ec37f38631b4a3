// NB publishes, NB and one SB apply; the fault happens at 1000 us.
#include "demo/observation.hpp"

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::demo;
using nlohmann::json;

namespace {

TimePoint at(int us) {
  return TimePoint(std::chrono::microseconds(us));
}

json published(int us, const std::string& version, const std::string& changes) {
  return {{"what", "published"}, {"monotonic_us", us}, {"version", version}, {"changes", changes}};
}
json applied(int us, const std::string& version) {
  return {{"what", "topology_changed"}, {"monotonic_us", us}, {"version", version}};
}
json restart(int us, const std::string& cause, int first, int last) {
  return {{"what", "dbrestart"}, {"monotonic_us", us}, {"cause", cause}, {"partitions", {{first, last}}}};
}

json controller(const std::string& name, json history, const std::string& version = "v2") {
  return {{"name", name},
          {"problems", json::array()},
          {"controller", {{"version", version}, {"history", std::move(history)}}}};
}

/// NB's answer, which sees itself and sb-1 on its version or not.
json nb(json published_history, json history, bool sb_current = true) {
  json out = controller("nb", std::move(history));
  out["detector"] = {
      {"version", "v2"},
      {"history", std::move(published_history)},
      {"controllers", {{{"name", "nb"}, {"current", true}}, {{"name", "sb-1"}, {"current", sb_current}}}}};
  return out;
}

const Expectation failover{"failover", "bbbbbbbbbbbb", "failover", {0, 5460}};
const json news = {published(500, "v0", "failover 0-5460 cccccccc->bbbbbbbb"),
                   published(2000, "v1", "membership cccccccc"),
                   published(3000, "v2", "failover 0-5460 aaaaaaaa->bbbbbbbb; membership aaaaaaaa")};

}  // namespace

TEST_CASE("the first publication after the fault that tells of it counts, and the last controller to apply it") {
  const Statuses statuses = {
      nb(news, {applied(3500, "v2"), restart(3600, "failover", 0, 5460)}),
      controller("sb-1", {applied(2500, "v1"), applied(4000, "v2"), restart(900, "failover", 0, 5460),
                          restart(4100, "failover", 0, 5460)})};
  const auto seen = observe(statuses, failover, at(1000));
  REQUIRE(seen.published);
  CHECK(seen.published->version == "v2");
  CHECK(seen.published_at() == at(3000));
  CHECK(seen.applied_last() == at(4000));
  CHECK(seen.restarts.size() == 2);
  CHECK(still_due(seen, failover).empty());
  CHECK(not_due(seen, failover).empty());
}

TEST_CASE("a controller that skipped the version has applied it with the next one") {
  json more = news;
  more.push_back(published(3100, "v3", "membership cccccccc"));
  const Statuses statuses = {nb(more, {applied(3500, "v2")}), controller("sb-1", {applied(5000, "v3")})};
  CHECK(observe(statuses, failover, at(1000)).applied_last() == at(5000));
}

TEST_CASE("what has not happened is said of each controller") {
  const Statuses nothing = {nb(json::array(), json::array()), controller("sb-1", json::array())};
  CHECK(still_due(observe(nothing, failover, at(1000)), failover) ==
        std::vector<std::string>{"the detector has not published the failover"});

  const Statuses half = {nb(news, {applied(3500, "v2"), restart(3600, "failover", 0, 5460)}),
                         controller("sb-1", {restart(4100, "failover", 0, 100)})};
  const auto seen = observe(half, failover, at(1000));
  CHECK_FALSE(seen.applied_last());
  CHECK(still_due(seen, failover) ==
        std::vector<std::string>{"sb-1 has not applied v2", "sb-1 got no dbrestart failover for 0-5460"});
  CHECK(not_due(seen, failover) ==
        std::vector<std::string>{"sb-1 got a dbrestart failover for 0-100, which was not due"});
}

TEST_CASE("a second dbrestart of the same cause is one too many, and any is where none is due") {
  const Statuses twice = {nb(news, json::array()),
                          controller("sb-1", {restart(4000, "failover", 0, 5460), restart(5000, "failover", 0, 5460)})};
  CHECK(not_due(observe(twice, failover, at(1000)), failover).size() == 1);
  const Expectation comeback{"membership", "cccccccccccc", std::nullopt, {0, 5460}};
  CHECK(not_due(observe(twice, comeback, at(1000)), comeback).size() == 2);
}

TEST_CASE("a controller is ready after its first dbrestart, for all partitions") {
  const Statuses statuses = {nb(news, {restart(10, "start", 0, 16383)}),
                             controller("sb-1", {restart(10, "start", 0, 5460)})};
  CHECK(not_ready(statuses) == std::vector<std::string>{"sb-1 got no dbrestart start for all partitions"});
}

TEST_CASE("a controller is current when it says so and the detector says so too") {
  CHECK(not_current({nb(news, json::array()), controller("sb-1", json::array())}).empty());
  CHECK(not_current({nb(news, json::array(), false), controller("sb-1", json::array(), "v1")}) ==
        std::vector<std::string>{"the detector does not see sb-1 on its version", "sb-1 is on v1, the detector on v2"});
}
