// A process with a mirror dies at each step between the acceptance of a write and the end of a resync. After its next
// start its handler has run at least once, and the effect is there once. The event hub, its store, the mirror and the
// resync are the real ones; the database is a file, and the process ends by SIGKILL, sent by itself at a named point.

#include <atomic>
#include <csignal>
#include <fstream>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include "core/events/hub_process.hpp"
#include "fake_database.hpp"
#include "file_database.hpp"
#include "lab/wait.hpp"
#include "mirror/local_mirror.hpp"
#include "mirror/resync.hpp"
#include "mirror/wall_time.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

constexpr int entries = 120;
constexpr unsigned patience_s = 30;

struct CrashPoint {
  std::string phase;  ///< "accept" or "failover"; empty: it does not die
  std::string step;
  int count;            ///< at the so-manieth time
  bool replay = false;  ///< the shard was last seen well an hour ago: then there is a replay before the comparison
};

EntryName name_of(int i) {
  return {"ports", "switch-" + std::to_string(i), "eth"};
}

/// Counts the steps and dies at the chosen one.
class Fate {
 public:
  explicit Fate(CrashPoint at) : at_(std::move(at)) {}
  void enter(const std::string& phase) { armed_ = phase == at_.phase; }
  void step(const std::string& name) {
    if (armed_ && name == at_.step && ++seen_ == at_.count) kill(getpid(), SIGKILL);
  }

 private:
  CrashPoint at_;
  std::atomic<bool> armed_ = false;
  std::atomic<int> seen_ = 0;
};

/// One life of the process, in a child.
class Life {
 public:
  Life(const TempFolder& folder, const CrashPoint& at)
      : folder_(folder),
        replay_(at.replay),
        fate_(at),
        database_(folder.path() / "database", [this](const std::string& step) { fate_.step(step); }),
        mirror_({.handler = "mirror", .process = "n", .tables = {"ports"}, .file = {folder.path() / "m.db"}}, log_,
                host_, database_),
        resync_(mirror_, database_, {.stretch = 10}, log_),
        process_(folder) {}

  [[noreturn]] void live() {
    HandlerTerms terms;
    terms.accepted = [this](const Event& event) {
      fate_.step("event stored");
      resync_.accepted(event);
    };
    process_.hub->subscribe(
        {"dbrestart"}, "mirror", [this](const Event& event) { return handle(event); }, terms);
    process_.apply(database_.has_lost() ? after() : three_shards());
    until_handled();
    if (!database_.has_lost()) accept_all();
    fate_.enter("failover");
    database_.lose_once(0, 99);
    fate_.step("lost");
    process_.apply(after());
    until_handled();
    fate_.step("struck off");
    _exit(0);
  }

 private:
  Topology after() const {
    Topology out = after_failover(three_shards());
    Mark change = *out.marks.find({0});
    change.last_healthy_ms = replay_ ? mirror::wall_time().ms() - 3'600'000 : 0;
    out.marks.set(range(0, 99), change);
    return out;
  }

  bool handle(const Event& event) {
    const auto& restart = std::get<DbRestart>(event);
    fate_.step("delivered");
    runs_.add("begun " + restart.id + '\n');
    const bool done = resync_.run(restart);
    if (done) runs_.add("done " + restart.id + ' ' + text_of(restart.cause) + '\n');
    fate_.step("handled");
    return done;
  }

  void until_handled() {
    if (!process_.turn_until(
            [this] { return process_.hub->pending() == 0 && process_.store->pending("mirror").empty(); }))
      _exit(3);
  }

  /// Those that a life before was not told of; some wait for the database, some are removed again.
  void accept_all() {
    fate_.enter("accept");
    std::set<int> noted;
    std::ifstream in(folder_.path() / "notes");
    for (int i = 0, removed = 0; in >> i >> removed;) {
      std::uint64_t version = 0;
      in >> version;
      noted.insert(i);
    }
    for (int i = 0; i < entries; ++i)
      if (!noted.contains(i)) accept(i, {i % 4 == 0 ? MirrorWait::database : MirrorWait::store});
    const bool drained =
        lab::wait_until(std::chrono::seconds(20), [this] { return left_ == 0 && mirror_.state().waiting == 0; });
    if (!drained) _exit(4);
  }

  void accept(int i, MirrorWait wait) {
    ++left_;
    const bool removal = i % 5 == 0;
    auto done = [this, i, removal, wait](const MirrorResult& result) {
      fate_.step(wait == MirrorWait::database ? "confirmed" : "stored");
      if (result.outcome != MirrorOutcome::stored) _exit(5);
      notes_.add(std::to_string(i) + (removal ? " 1 " : " 0 ") + std::to_string(result.version) + '\n');
      --left_;
    };
    if (removal) return mirror_.remove(name_of(i), {.wait = wait}, done);
    mirror_.put(name_of(i), "v" + std::to_string(i), {.wait = wait}, done);
  }

  const TempFolder& folder_;
  bool replay_;
  Fate fate_;
  TestLog log_;
  FakeHost host_;
  Lines notes_{folder_.path() / "notes"};
  Lines runs_{folder_.path() / "runs"};
  std::atomic<int> left_ = 0;
  FileDatabase database_;
  mirror::LocalMirror mirror_;
  mirror::Resync resync_;
  Process process_;
};

/// How a life ended: the signal, or minus its exit code.
int ending_of_life(const TempFolder& folder, const CrashPoint& at) {
  const pid_t child = fork();  // while this process has no other threads
  if (child == 0) {
    alarm(patience_s);
    (new Life(folder, at))->live();
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

std::string text_in(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

int occurrences(const std::string& text, const std::string& what) {
  int out = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

/// What was noted as stored is in the database, under its version, and was written there once in each of the database's
/// lives.
void check_effects(const TempFolder& folder) {
  const FileDatabase database(folder.path() / "database", [](const std::string&) {});
  std::ifstream notes(folder.path() / "notes");
  int noted = 0, lost = 0;
  std::uint64_t version = 0;
  for (int i = 0, removed = 0; notes >> i >> removed >> version; ++noted) {
    const auto at = database.entries().find(name_of(i));
    INFO("entry " << i);
    REQUIRE(at != database.entries().end());
    CHECK(at->second == Entry{name_of(i), version, removed ? "" : "v" + std::to_string(i), removed == 1});
    CHECK(database.writes(name_of(i), version) == (database.lost(name_of(i)) ? 2 : 1));
    lost += database.lost(name_of(i)) ? 1 : 0;
  }
  CHECK(noted == entries);
  CHECK(lost > entries / 10);
}

void die_at(const CrashPoint& at) {
  const TempFolder folder;
  INFO(at.phase << ": " << at.step << ' ' << at.count << (at.replay ? " with replay" : ""));
  REQUIRE(ending_of_life(folder, at) == SIGKILL);
  REQUIRE(ending_of_life(folder, {{}, {}, 0, at.replay}) == 0);
  const auto runs = text_in(folder.path() / "runs");
  INFO(runs);
  CHECK(occurrences(runs, "begun ") >= 2);
  CHECK(occurrences(runs, " start\n") >= 1);
  CHECK(occurrences(runs, " failover\n") >= 1);
  check_effects(folder);
  REQUIRE(ending_of_life(folder, {{}, {}, 0, at.replay}) == 0);
  CHECK(text_in(folder.path() / "runs") == runs);  // it is over
}

}  // namespace

TEST_CASE("the process dies at each step from acceptance to the outbox: what was stored is in the database, once") {
  for (const auto& [step, count] : std::initializer_list<std::pair<const char*, int>>{{"stored", 1},
                                                                                      {"stored", 50},
                                                                                      {"send", 1},
                                                                                      {"send", 60},
                                                                                      {"written", 1},
                                                                                      {"written", 60},
                                                                                      {"answered", 1},
                                                                                      {"answered", 60},
                                                                                      {"confirmed", 1},
                                                                                      {"confirmed", 15}})
    die_at({"accept", step, count});
}

TEST_CASE(
    "the process dies at each step from the loss to the end of the event: the handler runs, the effect is there once") {
  for (const char* step : {"lost", "event stored", "delivered", "handled", "struck off"}) die_at({"failover", step, 1});
}

TEST_CASE("the process dies at each step of a comparison: it goes on, and the effect is there once") {
  for (const auto& [step, count] : std::initializer_list<std::pair<const char*, int>>{{"look", 1},
                                                                                      {"looked", 1},
                                                                                      {"look", 6},
                                                                                      {"looked", 6},
                                                                                      {"write_all", 1},
                                                                                      {"written", 1},
                                                                                      {"written", 15},
                                                                                      {"all written", 1},
                                                                                      {"all written", 15}})
    die_at({"failover", step, count});
}

TEST_CASE("the process dies at each step of a replay: it goes on, and the effect is there once") {
  for (const auto& [step, count] : std::initializer_list<std::pair<const char*, int>>{
           {"write_all", 1}, {"write_all", 20}, {"written", 10}, {"all written", 10}, {"look", 5}})
    die_at({"failover", step, count, true});
}
