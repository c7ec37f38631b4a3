// `dbha verify`: a mirror's store and the database compared, by a process that goes on with its work.

#include <csignal>

#include "backends.hpp"
#include "lab/wait.hpp"
#include "runtime/embedded_controller.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;

namespace {

EntryName entry_name(int i, const std::string& table = "ports") {
  return {table, "switch-" + std::to_string(i), "eth0"};
}

ProcessFile with_mirror(const std::string& lines = {}) {
  ProcessFile file = southbound_file("app");
  file.controller_lines =
      "\n[[consistency]]\nplugin = \"mirror\"\ntables = [\"ports\", \"links\"]\ndurability = \"process\"\n" + lines;
  return file;
}

/// A northbound process and an application with a mirror.
struct App {
  template <class Cluster>
  explicit App(const Cluster& cluster) : site(cluster) {
    site.write(northbound_file());
    northbound.emplace(site, "nb");
    northbound->wait_for_problem("");
  }
  void open(const ProcessFile& file) {
    controller.reset();
    controller = Controller::open(site.write(file));
    REQUIRE(controller->wait_ready(patience));
  }
  Mirror& mirror() { return *controller->mirror("mirror"); }
  void put(int first, int last) {
    for (int i = first; i < last; ++i) REQUIRE(mirror().put(entry_name(i), "v").get().outcome == MirrorOutcome::stored);
  }
  void until_drained() {
    REQUIRE(lab::wait_until(patience, [this] { return mirror().state().waiting == 0; }));
  }
  /// Past the mirror, as another writer would.
  void write_past(const EntryName& name, std::uint64_t version, bool removed = false) {
    std::promise<StoreResult> promise;
    const auto done = [&](StoreResult result) { promise.set_value(std::move(result)); };
    VersionedStore& store = *controller->versioned_store();
    if (removed)
      store.remove(name, version, done);
    else
      store.put(name, "other", version, done);
    REQUIRE(promise.get_future().get().applied);
  }
  int slot(const EntryName& name) { return static_cast<int>(controller->versioned_store()->partition_of(name).value); }
  std::vector<std::string> question(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"verify", "--connect", site.admin_of("app")});
    return options;
  }
  Finished verify(std::vector<std::string> options = {}) const { return run_dbha(site, question(std::move(options))); }
  json verify_json(int exit_code, std::vector<std::string> options = {}) const {
    options.emplace_back("--json");
    const auto run = verify(std::move(options));
    INFO(run.output);
    REQUIRE(run.exit_code == exit_code);
    return json::parse(run.output);
  }

  Site site;
  std::optional<DbhaProcess> northbound;
  std::unique_ptr<Controller> controller;
};

bool all_differ_by(const json& result, const std::map<std::string, int>& expected) {
  for (const char* kind : {"missing", "older", "newer", "unknown", "resurrected", "waiting"}) {
    const auto at = expected.find(kind);
    if (result.at(kind) != (at == expected.end() ? 0 : at->second)) return false;
  }
  return true;
}

}  // namespace

TEMPLATE_TEST_CASE("verify finds what a database has lost, and nothing after a resync", "", OnRedis, OnMemory) {
  auto cluster = TestType::cluster({.replicas = 0});
  App app(cluster);
  app.open(with_mirror("resync = false\n"));
  constexpr int entries = 120;
  app.put(0, entries);
  // In the shard of primary 0, each to be found otherwise than it was.
  std::vector<int> lost;
  for (int i = 0; i < entries; ++i)
    if (app.slot(entry_name(i)) <= 5460) lost.push_back(i);
  REQUIRE(lost.size() > 3);
  const EntryName old = entry_name(lost[0]), gone = entry_name(lost[1]), gone_too = entry_name(lost[2]);
  for (const auto& name : {gone, gone_too}) REQUIRE(app.mirror().remove(name).get().outcome == MirrorOutcome::stored);
  app.until_drained();
  const auto same = app.verify();
  INFO(same.output);
  CHECK(same.exit_code == 0);
  CHECK(same.says("nothing differs"));

  cluster.restart_in_place_empty(0);
  app.write_past(old, 1);
  app.write_past(gone, 1);
  app.write_past({"links", "a", "b"}, 1);
  app.write_past({"elsewhere", "a", "b"}, 1);
  const int missing = static_cast<int>(lost.size()) - 3;
  for (int i = 0; i < 2; ++i) {
    const json found = app.verify_json(1, {"--limit", "2"});
    INFO(found.dump(1));
    CHECK(all_differ_by(found, {{"missing", missing}, {"older", 1}, {"unknown", 1}, {"resurrected", 1}}));
    CHECK(found.at("compared") == entries);
    CHECK(found.at("differs") == true);
    CHECK(found.at("handlers").at(0).at("examples").size() == 5);
  }
  const auto said = app.verify({"--partitions", "0-5460", "--table", "ports"});
  INFO(said.output);
  CHECK(said.exit_code == 1);
  CHECK(said.says("older: \"ports\" \"" + old.topic + "\" \"eth0\", partition "));
  CHECK(said.says(std::to_string(missing) + " missing, 1 older, 1 resurrected"));
  CHECK(app.verify({"--partitions", "5461-16383", "--table", "ports"}).exit_code == 0);
  CHECK(app.verify_json(1, {"--table", "links"}).at("unknown") == 1);

  REQUIRE(run_dbha(app.site, {"resync", "--connect", app.site.admin_of("app"), "--wait"}).exit_code == 0);
  const auto found = app.verify({"--table", "ports"});
  INFO(found.output);
  CHECK(found.exit_code == 0);
  app.write_past({"links", "a", "b"}, 2, true);
  CHECK(app.verify().exit_code == 0);
  app.write_past(entry_name(lost[3]), INT64_MAX);
  CHECK(all_differ_by(app.verify_json(1), {{"newer", 1}}));
}

TEMPLATE_TEST_CASE("verify says that it could not ask where the database is away", "", OnRedis, OnMemory) {
  auto cluster = TestType::cluster({.replicas = 0});
  App app(cluster);
  app.open(with_mirror());
  app.put(0, 10);
  app.until_drained();
  for (const auto& node : cluster.nodes()) cluster.stop(node.index);
  const auto run = app.verify();
  for (const auto& node : cluster.nodes()) cluster.resume(node.index);
  INFO(run.output);
  CHECK(run.exit_code == 4);
  CHECK(run.says("mirror: not all could be compared: the database has not answered for 10 s: "));
  CHECK_FALSE(run.says("nothing differs"));
}

TEST_CASE("verify refuses what nobody can compare") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  App app(cluster);
  app.open(with_mirror());
  const auto refused = [&](int exit_code, const std::vector<std::string>& options, const std::string& why) {
    const auto run = app.verify(options);
    INFO(run.output);
    CHECK(run.exit_code == exit_code);
    CHECK(run.says(why));
  };
  refused(2, {"--handler", "other"}, "nobody keeps entries of handler 'other'; there are mirror with ports links");
  refused(2, {"--table", "racks"}, "nobody keeps entries of table 'racks'; there are mirror with ports links");
  refused(2, {"--partitions", "16384"}, "expected partitions of 0-16383, found 16384");
  refused(2, {"--partitions", "ten"}, "--partitions: expected A-B[,C-D...], found ten");
  const auto northbound = run_dbha(app.site, {"verify", "--connect", app.site.admin_of("nb")});
  INFO(northbound.output);
  CHECK(northbound.exit_code == 2);
  CHECK(northbound.says("no handler of this process keeps entries that could be compared"));
  CHECK(run_dbha(app.site, {"verify", "--connect", "ipc://" + app.site.path("nobody").string()}).exit_code == 3);
}

TEST_CASE("a comparison ends with Ctrl-C, or when its asker is gone, and holds up neither events nor the loop") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  App app(cluster);
  app.open(with_mirror("rate = 100\n"));
  REQUIRE(lab::wait_until(patience, [&] { return app.verify().exit_code == 0; }));  // of no entries
  app.put(0, 2000);                                                                 // 20 s at that rate
  app.until_drained();
  const auto busy = [&] { return !dynamic_cast<ObservedController&>(*app.controller).status().at("verify").is_null(); };
  const auto begin = [&] {
    auto argv = app.question();
    argv.insert(argv.begin(), DBHA_PROGRAM);
    auto child = lab::ChildProcess::spawn(argv, app.site.path("verify.log"));
    REQUIRE(lab::wait_until(patience, busy));
    return child;
  };
  auto first = begin();
  const int slot = app.slot(entry_name(0));
  const auto resync = run_dbha(
      app.site, {"resync", "--connect", app.site.admin_of("app"), "--partitions", std::to_string(slot), "--wait"});
  CHECK(resync.exit_code == 0);
  CHECK(busy());
  const auto refused = app.verify();
  CHECK(refused.exit_code == 4);
  CHECK(refused.says("another comparison is under way in this process"));
  first.signal(SIGINT);
  const auto status = first.wait_exit(patience);
  REQUIRE(status);
  CHECK(to_string(*status) == "exit code 130");
  CHECK(lab::wait_until(std::chrono::seconds(2), [&] { return !busy(); }));
  CHECK(contents(app.site.path("verify.log")).empty());  // no bar where there is no terminal

  // On a terminal it shows how far it is, and a resync does so too; elsewhere a resync says it in lines.
  const auto on_terminal = [&](const std::string& command) {
    return run_program(
        app.site, {"script", "-qec",
                   std::string(DBHA_PROGRAM) + ' ' + command + " --connect " + app.site.admin_of("app"), "/dev/null"});
  };
  CHECK(on_terminal("verify --partitions 0-300").says("mirror: compare ["));
  CHECK(on_terminal("resync --wait --partitions 0-1000").says("mirror: compare ["));
  const auto lines =
      run_dbha(app.site, {"resync", "--connect", app.site.admin_of("app"), "--partitions", "0-1000", "--wait"});
  INFO(lines.output);
  CHECK(lines.says("mirror: compare "));
  CHECK_FALSE(lines.says("["));

  auto second = begin();
  second.kill_now();
  REQUIRE(lab::wait_until(patience, [&] { return !busy(); }));

  auto third = begin();
  const auto asked = std::chrono::steady_clock::now();
  app.controller.reset();
  CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(2));
  const auto ended = third.wait_exit(patience);
  REQUIRE(ended);
  CHECK(to_string(*ended) == "exit code 3");
}
