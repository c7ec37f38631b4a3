// A dbrestart: what the database had confirmed of some partitions may be gone.
#include "mirror/resend.hpp"

#include "mirror_bench.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

PartitionSet partition_of(const FakeDatabase& database, const EntryName& name) {
  const auto partition = database.partition_of(name);
  return set_of({{partition, partition}});
}

}  // namespace

TEST_CASE("what a failover lost is in the database again, and other partitions are not sent") {
  MirrorBench bench;
  mirror::Resend resend(*bench.mirror, bench.log);
  const auto lost = port("lost", "switch-1"), kept = port("kept", "switch-1"), elsewhere = port("e", "switch-2");
  for (const auto& name : {lost, kept, elsewhere}) REQUIRE(bench.put_through(name, "v").in_database);
  bench.remove(kept, {.wait = MirrorWait::database});
  bench.database.lose(lost);
  bench.database.lose(elsewhere);
  bench.database.plant({kept, 1, "resurrected", false});

  CHECK(resend.run(partition_of(bench.database, lost)));
  bench.until_drained();
  CHECK(bench.database.value(lost) == "v");
  CHECK(bench.database.value(kept) == "removed");
  CHECK(bench.database.value(elsewhere) == "nothing");
  CHECK(resend.run(set_of({range(0, 16383)})));
  bench.until_drained();
  CHECK(bench.database.value(elsewhere) == "v");
  CHECK_FALSE(resend.progress());
}

TEST_CASE("what is to be sent again is in the outbox when the event is done, whatever the database does") {
  MirrorBench bench;
  const auto name = port("a");
  REQUIRE(bench.put_through(name, "v").in_database);
  bench.database.away(FakeDatabase::all());
  bench.database.lose(name);
  mirror::Resend resend(*bench.mirror, bench.log);
  CHECK(resend.run(partition_of(bench.database, name)));
  bench.close();  // as a crash would
  bench.database.back();
  bench.open();
  bench.until_drained();
  CHECK(bench.database.value(name) == "v");
}

TEST_CASE("a resend ends when the process does, and says that it is not done") {
  MirrorBench bench;
  mirror::Resend resend(*bench.mirror, bench.log);
  resend.stop();
  // The store's thread is in a call of the application's: it answers nobody.
  std::promise<void> entered, leave;
  bench.mirror->put(port("a"), "v", {}, [&](const MirrorResult&) {
    entered.set_value();
    leave.get_future().wait();
  });
  entered.get_future().wait();
  CHECK_FALSE(resend.run(set_of({range(0, 16383)})));
  leave.set_value();
  bench.close();  // before the resend, whose job it still does
}
