// The disk of a mirror's store fails under a process that writes: new writes are refused at once with what to do, what
// was accepted is in the database, and the process goes on to route.

#include <algorithm>
#include <fstream>

#include "database.hpp"
#include "integration/program.hpp"
#include "lab/wait.hpp"
#include "ordeal.hpp"
#include "small_disk.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// So many that hardly one is written twice: the store grows.
constexpr int entries = 1'000'000;
constexpr auto poll = 20ms;

struct Scene {
  explicit Scene(const SmallDisk& disk) : store(disk.path() / "m.db") {}

  void wait_for(const std::string& what, const std::function<bool()>& holds) const {
    const bool came = lab::wait_until(patience, holds, poll);
    INFO("waited for " << what << "; the log:\n" << application.log());
    REQUIRE(came);
  }
  long count(Note::What what) const {
    const auto notes = application.notes();
    return std::count_if(notes.begin(), notes.end(), [what](const Note& note) { return note.what == what; });
  }
  void wait_for_more(Note::What what, long more = 100) const {
    const auto before = count(what);
    wait_for("more answers", [&] { return count(what) > before + more; });
  }
  /// With the database stopped: a part only is on its way there, in the kernel's buffers.
  void fill_outbox() {
    for (const auto& node : cluster.nodes()) cluster.stop(node.index);
    wait_for_more(Note::What::stored, 4'000);
  }
  void resume_all() {
    for (const auto& node : cluster.nodes()) cluster.resume(node.index);
  }
  /// What an operator reads.
  void check_status(const std::string& text) const {
    const auto status = run_dbha(site, {"status", "--connect", site.admin_of("nb")});
    INFO(status.output);
    CHECK(status.exit_code == 1);
    CHECK(status.says(text));
  }
  /// The process follows a change of owner.
  void check_routing() {
    const auto replica = cluster.replicas_of(cluster.primary_of(0)).at(0);
    cluster.failover(replica);
    wait_for("the new owner", [&] {
      const auto said = run_dbha(site, {"topology", "--json", "--connect", site.admin_of("nb")}).output;
      const auto claims = said.find("\"claims\"");
      const auto first = said.find("owner", claims == std::string::npos ? 0 : claims);
      return first != std::string::npos && said.find(cluster.node(replica).id, first) < first + 60;
    });
  }
  void check_nothing_lost() {
    cluster.wait_ready();
    Verdict verdict;
    lab::wait_until(
        patience,
        [&] {
          verdict = judge(application.notes(), contents_of(cluster));
          return verdict.clean();
        },
        200ms);
    INFO(verdict.text());
    CHECK(verdict.entries > 100);
    CHECK(verdict.clean());
  }

  std::filesystem::path store;
  lab::RedisCluster cluster{with_users()};
  Site site{cluster};
  Application application{site, file(), entries};

 private:
  ProcessFile file() const {
    ProcessFile out = northbound_file();
    out.user = reader_user;
    out.controller_lines = mirror_lines(true, "file = \"" + store.string() + "\"\n");
    return out;
  }
};

std::unique_ptr<SmallDisk> small_disk() {
  std::string why_not;
  auto disk = SmallDisk::make("16m", why_not);
  if (!disk) WARN("skipped: " << why_not);
  return disk;
}

}  // namespace

TEST_CASE("the disk of a running process is full: it refuses until there is room, and nothing accepted is lost") {
  const auto disk = small_disk();
  if (!disk) return;
  Scene s(*disk);
  s.application.start();
  s.wait_for_more(Note::What::stored);
  disk->fill();
  s.wait_for_more(Note::What::refused);
  s.check_status("database or disk is full; make room on its disk");
  s.check_routing();
  s.check_nothing_lost();
  disk->make_room();
  s.wait_for_more(Note::What::stored);
  s.application.rest();
  s.check_nothing_lost();
  s.application.end();
}

TEST_CASE("a process is killed and finds its disk read-only: it refuses until it can write, and nothing is lost") {
  const auto disk = small_disk();
  if (!disk) return;
  Scene s(*disk);
  s.application.start();
  s.wait_for_more(Note::What::stored);
  s.fill_outbox();
  s.application.kill();
  s.resume_all();
  disk->read_only(true);
  s.application.start();
  s.wait_for_more(Note::What::refused);
  s.check_status("its folder must exist and be writable for the user of this process");
  s.cluster.wait_ready();
  s.check_routing();
  disk->read_only(false);
  s.wait_for_more(Note::What::stored);
  s.application.rest();
  s.check_nothing_lost();
  s.application.end();
}

TEST_CASE("a process finds its store damaged: it refuses and leaves the file alone, and another one serves again") {
  const auto disk = small_disk();
  if (!disk) return;
  Scene s(*disk);
  s.application.start();
  s.wait_for_more(Note::What::stored);
  s.application.rest();
  s.application.end();
  {
    std::fstream file(s.store, std::ios::in | std::ios::out | std::ios::binary);
    file << std::string(8192, 'x');
  }
  const auto damaged = contents(s.store);
  s.application.start();
  s.wait_for_more(Note::What::refused);
  s.check_status("it is damaged: stop the process and move the file away");
  s.check_routing();
  s.check_nothing_lost();
  s.application.kill();
  CHECK(contents(s.store) == damaged);
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(s.store.string() + end);
  s.application.start();
  s.wait_for_more(Note::What::stored);
  s.application.rest();
  s.check_nothing_lost();
  s.application.end();
}

TEST_CASE("the disk is taken away from a running process: it refuses, and what it had accepted gets to the database") {
  const auto disk = small_disk();
  if (!disk) return;
  Scene s(*disk);
  s.application.start();
  s.wait_for_more(Note::What::stored);
  s.fill_outbox();
  disk->take_away();
  s.wait_for_more(Note::What::refused);
  s.resume_all();
  s.cluster.wait_ready();
  s.check_status("the file is gone, or another stands in its place");
  s.check_routing();
  s.check_nothing_lost();
}
