// `dbha verify`: what is not the same in the store and in the database, and nothing is changed.
#include "mirror/verification.hpp"

#include "mirror/difference.hpp"
#include "mirror_bench.hpp"

using namespace dbha;
using namespace dbha::test;
using Kind = Difference::Kind;
using mirror::Row;
using mirror::Verification;

namespace {

const PartitionSet everywhere = set_of({range(0, FakeDatabase::partitions - 1)});
constexpr mirror::VerificationLimits quick{.give_up = std::chrono::milliseconds(500),
                                           .second_look = std::chrono::milliseconds(1)};

struct Scene : MirrorBench {
  VerifyReport verify(VerifyRequest request = {everywhere}) {
    Verification verification(*mirror, database, quick, log);
    return verification.verify(request, {}, [this](const Progress& progress) { told = progress; });
  }
  /// In the database as well, in the version that the store has.
  Entry put_both(const std::string& key, const std::string& topic = "switch-7") {
    REQUIRE(put_through(port(key, topic), "v").in_database);
    return *database.entry(port(key, topic));
  }
  Progress told;
};

Row row(std::uint64_t version, bool removed = false) {
  return {1, {0}, {port("a"), version, "", removed}, version, 0};
}
Entry entry(std::uint64_t version, bool removed = false) {
  return {port("a"), version, "", removed};
}

std::string text_of(const VerifiedTable& table) {
  std::string out = std::to_string(table.compared) + " compared";
  for (const auto kind : {Kind::missing, Kind::older, Kind::newer, Kind::unknown, Kind::resurrected})
    if (table.of(kind) > 0) out += ", " + std::to_string(table.of(kind)) + ' ' + dbha::text_of(kind);
  return table.waiting > 0 ? out + ", " + std::to_string(table.waiting) + " waiting" : out;
}

}  // namespace

TEST_CASE("what differs has a kind, for every way in which two versions may stand") {
  using mirror::difference;
  CHECK_FALSE(difference(row(5), entry(5)));
  CHECK(difference(row(5), std::nullopt) == Kind::missing);
  CHECK(difference(row(5), entry(4, true)) == Kind::missing);
  CHECK(difference(row(5), entry(5, true)) == Kind::missing);
  CHECK(difference(row(5), entry(4)) == Kind::older);
  CHECK(difference(row(5), entry(6)) == Kind::newer);
  CHECK(difference(row(5), entry(6, true)) == Kind::newer);
  CHECK_FALSE(difference(row(5, true), std::nullopt));  // removed, and forgotten there
  CHECK_FALSE(difference(row(5, true), entry(5, true)));
  CHECK(difference(row(5, true), entry(4, true)) == Kind::older);
  CHECK(difference(row(5, true), entry(4)) == Kind::resurrected);
  CHECK(difference(row(5, true), entry(5)) == Kind::resurrected);
  CHECK(difference(row(5, true), entry(6)) == Kind::newer);
  CHECK(difference(std::nullopt, entry(1)) == Kind::unknown);
  CHECK_FALSE(difference(std::nullopt, entry(1, true)));
  CHECK_FALSE(difference(std::nullopt, std::nullopt));
}

TEST_CASE("nothing is said of an entry that was written while the database was asked") {
  using mirror::in_motion;
  CHECK_FALSE(in_motion(row(5), row(5)));
  CHECK(in_motion(row(5), row(6)));
  CHECK(in_motion(std::nullopt, row(5)));
  CHECK_FALSE(in_motion(std::nullopt, std::nullopt));
  Row waiting = row(5);
  waiting.confirmed = 4;
  CHECK(in_motion(waiting, waiting));
}

TEST_CASE("each kind of difference is counted by table and named, and nothing is changed") {
  Scene s;
  const Entry lost = s.put_both("lost"), old = s.put_both("old"), overtaken = s.put_both("new"),
              gone = s.put_both("gone", "switch-1");
  s.put_both("same", "switch-2");
  s.remove(gone.name, {.wait = MirrorWait::database});
  CHECK(s.verify().tables.at("ports").different == VerifiedTable{}.different);
  s.database.lose(lost.name);
  s.database.plant({old.name, old.version - 1, "older", false});
  s.database.plant({overtaken.name, overtaken.version + 1, "newer", false});
  s.database.plant({gone.name, gone.version, "v", false});
  const EntryName stranger{"links", "switch-1", "x"};
  s.database.plant({stranger, 7, "", false});
  s.database.plant({{"others", "switch-1", "x"}, 7, "", false});
  const auto sendings = s.database.sendings();

  for (int i = 0; i < 2; ++i) {
    const VerifyReport found = s.verify();
    CHECK(found.failure.empty());
    CHECK(text_of(found.tables.at("ports")) == "5 compared, 1 missing, 1 older, 1 newer, 1 resurrected");
    CHECK(text_of(found.tables.at("links")) == "0 compared, 1 unknown");
    CHECK(found.tables.size() == 2);
    REQUIRE(found.examples.size() == 5);
    for (const auto& example : found.examples) {
      if (example.kind == Kind::unknown) CHECK((example.name == stranger && example.here == 0 && example.there == 7));
      if (example.kind == Kind::older)
        CHECK((example.name == old.name && example.here == old.version && example.there == old.version - 1));
      if (example.kind == Kind::missing) CHECK((example.here == lost.version && example.there == 0));
    }
  }
  CHECK(s.database.sendings() == sendings);
  CHECK(s.database.value(lost.name) == "nothing");
  CHECK(s.stored(overtaken.name) == "v");
  CHECK(s.told.done == s.told.total);
}

TEST_CASE("of each kind no more are named than were asked for, and all are counted") {
  Scene s;
  for (int i = 0; i < 50; ++i) s.database.lose(s.put_both(std::to_string(i), "switch-" + std::to_string(i)).name);
  for (int i = 0; i < 50; ++i) s.database.plant({port("u", "rack-" + std::to_string(i)), 1, "", false});
  const auto found = s.verify({.partitions = everywhere, .examples = 3});
  CHECK(text_of(found.tables.at("ports")) == "50 compared, 50 missing, 50 unknown");
  CHECK(found.examples.size() == 6);
}

TEST_CASE("only what was asked for is compared") {
  Scene s;
  const Entry lost = s.put_both("a");
  s.database.lose(lost.name);
  const auto home = s.database.partition_of(lost.name).value;
  const auto elsewhere = (home + 1) % FakeDatabase::partitions;
  CHECK(text_of(s.verify({set_of({range(elsewhere, elsewhere)})}).tables.at("ports")) == "0 compared");
  CHECK(text_of(s.verify({set_of({range(home, home)})}).tables.at("ports")) == "1 compared, 1 missing");
  const auto other_table = s.verify({.partitions = everywhere, .table = "links"});
  CHECK(other_table.tables.size() == 1);
  CHECK(text_of(other_table.tables.at("links")) == "0 compared");
}

TEST_CASE("what the outbox still holds is counted apart, and is no difference") {
  Scene s;
  s.put_both("there");
  s.database.away(FakeDatabase::all());
  for (const char* key : {"a", "b"}) s.put(port(key), "v");
  s.remove(port("c"));
  s.database.hold(true);
  s.database.back();
  s.database.hold(false);
  s.until_drained();
  CHECK(text_of(s.verify().tables.at("ports")) == "4 compared");
  s.database.reject("switch-7");
  for (const char* key : {"a", "b"}) s.put(port(key), "w");
  CHECK(text_of(s.verify().tables.at("ports")) == "2 compared, 2 waiting");
}

TEST_CASE("an entry that is written right before the database looks for it, and right after, is no difference") {
  Scene s;
  const Entry first = s.put_both("a");
  int looks = 0;
  const auto write = [&] {
    const auto stored = s.put(first.name, "w");
    s.database.plant({first.name, stored.version, "w", false});
  };
  const bool once = GENERATE(true, false);
  s.database.around_looks(
      [&] {
        if (++looks == 1) write();  // newer than what the comparison has read
      },
      [&] {
        if (looks > 1 && !(once && looks > 2)) write();  // older than what the store has now
      });
  const auto found = s.verify();
  CHECK(found.failure.empty());
  CHECK(found.examples.empty());
  CHECK(looks >= 3);
  CHECK(text_of(found.tables.at("ports")) == (once ? "1 compared" : "1 compared, 1 waiting"));
  s.database.around_looks(nullptr, nullptr);
}

TEST_CASE("a database that does not answer is said to be away, and never to be the same") {
  Scene s;
  s.put_both("a");
  s.database.away(FakeDatabase::all());
  const auto found = s.verify();
  CHECK(found.failure.starts_with("the database has not answered for "));
  CHECK(found.tables.at("ports").compared == 0);
}

TEST_CASE("a primary that is back in time is asked again, by its entries and by a scan") {
  Scene s;
  const Entry lost = s.put_both("a");
  s.database.lose(lost.name);
  s.database.plant({port("u", "rack-1"), 1, "", false});
  s.database.away(FakeDatabase::all());
  auto back = std::async(std::launch::async, [&] {
    REQUIRE(lab::wait_until(patience, [&] { return s.database.asked(s.database.partition_of(lost.name)) > 0; }));
    s.database.back();
  });
  const auto found = s.verify();
  back.get();
  CHECK(found.failure.empty());
  CHECK(text_of(found.tables.at("ports")) == "1 compared, 1 missing, 1 unknown");
}

TEST_CASE("a comparison ends soon when it is told to, with what it has") {
  Scene s;
  s.put_both("a");
  s.database.away(FakeDatabase::all());
  mirror::VerificationLimits patient = quick;
  patient.give_up = std::chrono::hours(1);
  Verification verification(*s.mirror, s.database, patient, s.log);
  std::stop_source stop;
  auto run = std::async(std::launch::async,
                        [&] { return verification.verify({everywhere}, stop.get_token(), [](const Progress&) {}); });
  CHECK(run.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  stop.request_stop();
  REQUIRE(run.wait_for(patience) == std::future_status::ready);
  CHECK(run.get().failure == "it was ended before all was compared");
}

TEST_CASE("a comparison that cannot read the store says what to do about it") {
  Scene s;
  s.settings.file.path = s.folder.path() / "no-such-folder" / "m.db";
  s.close();
  s.open();
  CHECK(s.verify().failure.find("its folder must exist") != std::string::npos);
}
