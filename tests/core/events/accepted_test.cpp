// What a handler hears of an event before it is its turn.
#include "hub_process.hpp"
#include "support/catch.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("what waits for a busy handler is told to it at once, merged as it will come, and so is what became of it") {
  TempFolder folder;
  Gate gate;
  Told told, accepted;
  Process p(folder);  // its handlers end before what they write into
  p.hub->subscribe({"dbrestart", "loss_known"}, "h",
                   [&](const Event& event) {
                     told.add(event);
                     gate.pass();
                     return true;
                   },
                   {.accepted = [&](const Event& event) { accepted.add(event); }});
  p.apply(three_shards());
  REQUIRE(told.wait_for(1));
  CHECK(accepted.restart(0).id == told.restart(0).id);
  CHECK_FALSE(accepted.restart(0).id.empty());

  p.apply(moved(three_shards(), 4, "p1", "r1"));
  auto both = moved(three_shards(), 4, "p1", "r1");
  both.marks.set(range(100, 199), mark(5, 0, "r2", "stream-5"));
  p.apply(both);
  REQUIRE(accepted.events().size() == 3);
  CHECK(text_of(accepted.restart(1).partitions) == "0-99");
  CHECK(text_of(accepted.restart(2).partitions) == "0-199");
  CHECK(told.events().size() == 1);

  gate.open();
  REQUIRE(told.wait_for(2));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  CHECK(told.restart(1).id == accepted.restart(2).id);
  const auto lost = moved(both, 4, "p1", "r1", Loss::possible);
  p.apply(lost);
  REQUIRE(accepted.events().size() == 4);
  CHECK(std::get<LossKnown>(accepted.events().at(3)).loss == Loss::possible);
}
