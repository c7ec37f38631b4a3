#include <ctime>

#include "stage.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// All that a client could see of a run with several faults.
std::string story(std::uint64_t seed) {
  Stage stage(small(1, seed));
  std::string told;
  const auto tell = [&] {
    for (std::size_t i = 0; i < stage.cluster.size(); ++i) {
      const auto view = stage.view(i);
      told += view ? view->run_id.value + std::to_string(view->current_epoch.value) : "down";
    }
    for (const auto& change : stage.cluster.changes())
      told += change.after.value + std::to_string(change.at.time_since_epoch().count());
  };
  stage.cluster.kill(0);
  stage.pass(3s);
  tell();
  stage.cluster.start(0);
  stage.cluster.stop(1);
  stage.pass(3s);
  tell();
  stage.cluster.resume(1);
  stage.pass(3s);
  tell();
  return told;
}

}  // namespace

TEST_CASE("the same seed tells the same story, another seed another one") {
  CHECK(story(7) == story(7));
  CHECK(story(7) != story(8));
}

TEST_CASE("30 idle seconds of six nodes cost no more than 10 ms of the processor [.bench]", "[.bench]") {
  Stage stage;
  const std::clock_t before = std::clock();
  stage.pass(30s);
  const double ms = 1000.0 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  CAPTURE(ms);
  CHECK(ms <= 10);
}
