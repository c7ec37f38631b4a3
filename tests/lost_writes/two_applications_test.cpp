// Two processes with a mirror each write the same entries, with versions that rise as they come, through failovers and
// kills of both: the highest version wins everywhere, in the database and in both stores.

#include <cstdio>
#include <set>

#include "database.hpp"
#include "integration/program.hpp"
#include "lab/wait.hpp"
#include "ordeal.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

constexpr int entries = 1'000;
constexpr auto until_settled = 40s;

std::vector<Note> joined(std::vector<Note> first, const std::vector<Note>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// The entries of a store of which the database has something else.
int differences(const Contents& store, const Contents& database) {
  int out = 0;
  for (const auto& [entry, held] : store) {
    const auto at = database.find(entry);
    if (at == database.end() || !(at->second == held)) ++out;
  }
  return out;
}

/// Of how many entries both applications have stored a write.
std::size_t shared_entries(const std::vector<Note>& one, const std::vector<Note>& other) {
  std::set<int> ours, both;
  for (const auto& note : one)
    if (note.what == Note::What::stored) ours.insert(note.entry);
  for (const auto& note : other)
    if (note.what == Note::What::stored && ours.contains(note.entry)) both.insert(note.entry);
  return both.size();
}

}  // namespace

TEST_CASE("two processes write the same entries through failovers: the highest version wins everywhere") {
  lab::RedisCluster cluster(with_users());
  const Site site(cluster);
  ProcessFile first = northbound_file();
  first.user = reader_user;
  first.controller_lines = mirror_lines();
  ProcessFile second = southbound_file("nb-2", reader_user);
  second.controller_lines = mirror_lines();
  Application one(site, first, entries), two(site, second, entries);
  one.start();
  two.start();
  Ordeal ordeal(cluster, nullptr, {&one, &two}, 3);
  using Fault = Ordeal::Fault;
  for (const auto fault : {Fault::kill_ahead_of_replica, Fault::takeover, Fault::restart_empty, Fault::stop})
    ordeal.play(fault);
  ordeal.raise_all();
  one.rest();
  two.rest();
  cluster.wait_ready();

  const auto notes = joined(one.notes(), two.notes());
  CHECK(shared_entries(one.notes(), two.notes()) > entries / 2);
  Verdict verdict;
  lab::wait_until(
      until_settled,
      [&] {
        verdict = judge(notes, contents_of(cluster));
        return verdict.clean();
      },
      200ms);
  INFO(ordeal.story() << '\n' << verdict.text() << (verdict.clean() ? "" : '\n' + one.log() + '\n' + two.log()));
  CHECK(verdict.clean());

  // What the other one wrote last over an entry, a mirror learns when it compares.
  for (const char* name : {"nb", "nb-2"}) {
    const auto resync = run_dbha(site, {"resync", "--connect", site.admin_of(name), "--wait"});
    INFO(resync.output);
    CHECK(resync.exit_code == 0);
  }
  const auto database = contents_of(cluster);
  CHECK(judge(notes, database).clean());
  for (auto* application : {&one, &two}) {
    const auto store = application->end();
    CHECK(store.size() > entries / 2);
    CHECK(differences(store, database) == 0);
  }
}
