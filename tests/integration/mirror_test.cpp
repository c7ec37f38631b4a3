// An application with a mirror, on a cluster that loses what it has acknowledged.

#include <atomic>
#include <map>
#include <thread>

#include "fleet.hpp"
#include "lab/wait.hpp"
#include "runtime/embedded_controller.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

EntryName entry_name(int i) {
  return {"ports", "switch-" + std::to_string(i % 300), "port-" + std::to_string(i)};
}

ProcessFile with_mirror(const std::string& name, const std::string& lines = {}) {
  ProcessFile file = southbound_file(name);
  file.controller_lines =
      "\n[[consistency]]\nplugin = \"mirror\"\ntables = [\"ports\"]\ndurability = \"process\"\n" + lines;
  return file;
}

/// Puts one entry after another, each after the one before was accepted, until it is told to end.
class Writer {
 public:
  explicit Writer(Mirror& mirror) : thread_([this, &mirror] { run(mirror); }) {}
  ~Writer() { end(); }
  /// How many were accepted: those below. What was refused is counted.
  int end() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
    return accepted_;
  }
  int accepted() const { return accepted_; }
  int refused() const { return refused_; }

 private:
  void run(Mirror& mirror) {
    while (!ending_) {
      const bool stored =
          mirror.put(entry_name(accepted_), "v" + std::to_string(accepted_)).get().outcome == MirrorOutcome::stored;
      ++(stored ? accepted_ : refused_);
    }
  }

  std::atomic<bool> ending_ = false;
  std::atomic<int> accepted_ = 0;
  std::atomic<int> refused_ = 0;
  std::thread thread_;
};

/// Of the first `count` entries, those that the database does not have as they were accepted.
int missing(Controller& controller, int count) {
  std::vector<std::future<bool>> there;
  for (int i = 0; i < count; ++i) {
    auto promise = std::make_shared<std::promise<bool>>();
    there.push_back(promise->get_future());
    controller.versioned_store()->get(
        entry_name(i),
        [promise, i](const StoreResult& result) {
          promise->set_value(result.ok() && result.entry && result.entry->value == "v" + std::to_string(i));
        },
        std::nullopt);
  }
  int out = 0;
  for (auto& each : there) out += each.get() ? 0 : 1;
  return out;
}

nlohmann::json handler_of(Controller& controller, const std::string& name) {
  const auto status = dynamic_cast<ObservedController&>(controller).status();
  for (const auto& handler : status.at("controller").at("handlers"))
    if (handler.at("name") == name) return handler;
  return {};
}

}  // namespace

TEST_CASE("all that a mirror accepted is in the database, though a primary died with writes that no replica had") {
  lab::RedisCluster cluster(with_users({}));
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess northbound(site, "nb");
  northbound.wait_for_problem("");
  const auto controller = Controller::open(site.write(with_mirror("app")));
  REQUIRE(controller->wait_ready(patience));
  CHECK_FALSE(controller->mirror("nobody"));
  Mirror* mirror = controller->mirror("mirror");
  REQUIRE(mirror);
  std::atomic<bool> told = false;  // of a failover; the mirror's handler, which was there before, then has it too
  const auto subscription = controller->on("dbrestart", [&told](const Event& event) {
    told = told || std::get<DbRestart>(event).cause == Cause::failover;
    return true;
  });
  Writer writer(*mirror);
  REQUIRE(lab::wait_until(patience, [&] { return mirror->state().confirmed > 2000; }));

  // What the primary acknowledges now, its replica never gets: not even into the buffers of its socket.
  const std::size_t primary = cluster.primary_of(0);
  const std::size_t replica = cluster.replicas_of(primary).at(0);
  cluster.stop(replica);
  cluster.client(primary).demand({"CLIENT", "KILL", "TYPE", "replica"});
  const auto before = mirror->state().confirmed;
  REQUIRE(lab::wait_until(patience, [&] { return mirror->state().confirmed > before + 1000; }));
  cluster.kill(primary);
  cluster.resume(replica);
  REQUIRE(lab::wait_until(patience, [&] { return told.load(); }));

  const int accepted = writer.end();
  INFO(accepted << " accepted");
  CHECK(writer.refused() == 0);
  const auto all_is_done = [&] {
    return handler_of(*controller, "mirror").at("pending") == 0 && mirror->state().waiting == 0;
  };
  REQUIRE(lab::wait_until(patience, all_is_done));
  CHECK(missing(*controller, accepted) == 0);
}

TEST_CASE("a process whose mirror cannot use its store routes all the same, and dbha status says what to do") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess northbound(site, "nb");
  northbound.wait_for_problem("");
  const auto store = site.path("no-such-folder/m.db").string();
  site.write(with_mirror("app", "file = \"" + store + "\"\n"));
  DbhaProcess app(site, "app");
  app.wait_for_problem("handler mirror: the mirror's store " + store + " cannot be used: ");
  const auto said = run_dbha(site, {"status", "--connect", site.admin_of("app")});
  CHECK(said.exit_code == 1);
  CHECK(said.says("its folder must exist and be writable for the user of this process"));
  CHECK(app.status().at("controller").at("covered") == 16384);

  std::filesystem::create_directory(site.path("no-such-folder"));
  app.wait_for_problem("");
  CHECK(app.status().at("consistency").at(0).at("name") == "mirror");
}

TEST_CASE("who waits for a database that does not answer is released when the controller ends") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess northbound(site, "nb");
  northbound.wait_for_problem("");
  const auto file = site.write(with_mirror("app"));
  auto controller = Controller::open(file);
  REQUIRE(controller->wait_ready(patience));
  for (const auto& node : cluster.nodes()) cluster.stop(node.index);
  auto waiting = controller->mirror("mirror")->put(entry_name(0), "v0", {.wait = MirrorWait::database});
  REQUIRE(waiting.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  auto ended = std::async(std::launch::async, [&] { controller.reset(); });
  REQUIRE(ended.wait_for(patience) == std::future_status::ready);
  const MirrorResult result = waiting.get();
  CHECK(result.outcome == MirrorOutcome::stored);
  CHECK(result.reason == "the process ends: the outbox keeps it for the next start");

  for (const auto& node : cluster.nodes()) cluster.resume(node.index);
  controller = Controller::open(file);
  REQUIRE(lab::wait_until(patience, [&] { return controller->mirror("mirror")->state().waiting == 0; }));
  CHECK(missing(*controller, 1) == 0);
}
