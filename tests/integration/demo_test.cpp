// `dbha demo` is a program of its own that starts thirteen others: what it says, and what it leaves behind.

#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>
#include <signal.h>

#include "lab/process.hpp"
#include "lab/temp_dir.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace std::chrono_literals;

namespace {

/// A whole run takes some 20 s on an idle machine.
constexpr auto patience = 100s;

std::string text_in(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

/// `dbha demo ARGS...`, with a folder of its own for all that it makes, which is the mark of all that it starts, too.
class Demo {
 public:
  explicit Demo(const std::vector<std::string>& args, std::string path = getenv("PATH"))
      : path_(std::move(path)), child_(lab::ChildProcess::spawn(argv(args), log())) {}

  std::string output() const { return text_in(log()); }
  void wait_for(const std::string& words) {
    const bool came =
        lab::wait_until(patience, [&] { return !child_.running() || output().find(words) != std::string::npos; });
    INFO(output());
    REQUIRE(came);
    REQUIRE(child_.running());
  }
  void interrupt() { child_.signal(SIGINT); }
  int exit_code() {
    const auto status = child_.wait_exit(patience);
    INFO(output());
    REQUIRE(status);
    REQUIRE_FALSE(status->by_signal);
    return status->value;
  }

  /// Neither a file nor a process.
  void check_nothing_left() const {
    CHECK(std::filesystem::is_empty(made()));
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      INFO(entry.path());
      CHECK(text_in(entry.path() / "environ").find("TMPDIR=" + made().string()) == std::string::npos);
      std::error_code not_a_process_of_ours;  // redis-server writes its title over its environment
      const auto folder = std::filesystem::read_symlink(entry.path() / "cwd", not_a_process_of_ours);
      CHECK_FALSE(folder.string().starts_with(made().string()));
    }
  }

 private:
  std::filesystem::path log() const { return folder_.path() / "log"; }
  std::filesystem::path made() const { return folder_.path() / "tmp"; }
  std::vector<std::string> argv(const std::vector<std::string>& args) const {
    std::filesystem::create_directory(made());
    std::vector<std::string> out = {"env", "TMPDIR=" + made().string(), "PATH=" + path_, DBHA_PROGRAM, "demo"};
    out.insert(out.end(), args.begin(), args.end());
    return out;
  }

  std::string path_;  // where it looks for redis-server
  lab::TempDir folder_{"dbha"};
  lab::ChildProcess child_;
};

/// Five controllers, six faults, and exactly what is due after each.
void check_report(const nlohmann::json& report) {
  CHECK(report.at("ok") == true);
  CHECK(report.at("controllers") == 5);
  CHECK(report.at("controller_topology_commands") == 0);
  const auto& faults = report.at("faults");
  REQUIRE(faults.size() == 6);
  const std::vector<std::pair<std::string, std::size_t>> due = {{"kill", 5},    {"return", 0}, {"failover", 5},
                                                                {"restart", 5}, {"stop", 5},   {"lose", 5}};
  for (std::size_t i = 0; i < due.size(); ++i) {
    CHECK(faults[i].at("fault") == due[i].first);
    CHECK(faults[i].at("dbrestarts").size() == due[i].second);
    CHECK(faults[i].at("published_ms") <= faults[i].at("applied_last_ms"));
    CHECK(faults[i].at("call_errors") == 0);
    CHECK(faults[i].at("woken_ms").is_null() == (due[i].first != "stop"));
  }
  CHECK(faults[4].at("woken_ms") > faults[4].at("applied_last_ms"));
  CHECK(faults[5].at("acknowledged") == 250);
  CHECK(faults[5].at("lost") == 250);
  CHECK(faults[5].at("missing_after_resync") == 0);
}

}  // namespace

TEST_CASE("the demo causes six faults, and everything that has to happen does, on either backend") {
  const std::string backend = GENERATE("redis", "memory");
  Demo demo({"--json", "--backend", backend});
  const int exit_code = demo.exit_code();
  const std::string output = demo.output();
  INFO(output);
  CHECK(exit_code == 0);
  check_report(nlohmann::json::parse(output.substr(output.find("\n{") + 1)));
  demo.check_nothing_left();
}

TEST_CASE("without a resync the demo misses what the failover has lost, on either backend") {
  const std::string backend = GENERATE("redis", "memory");
  Demo demo({"--no-resync", "--fault", "lose", "--controllers", "1", "--backend", backend});
  const int exit_code = demo.exit_code();
  const std::string output = demo.output();
  INFO(output);
  CHECK(exit_code == 1);
  CHECK(output.find(" in this failover: 250\nmissing after resync: 250\n") != std::string::npos);
  CHECK(output.find("NOT OK: lose: 250 acknowledged writes are still missing") != std::string::npos);
  demo.check_nothing_left();
}

TEST_CASE("Ctrl-C ends the demo at any moment, and all that it has started") {
  const std::string moment = GENERATE("starting a database", "nb: detector", "restart: restart", "kill: SIGKILL");
  Demo demo({"--fault", "restart", "kill"});  // the quicker one first
  demo.wait_for(moment);
  demo.interrupt();
  CHECK(demo.exit_code() == 130);
  demo.check_nothing_left();
}

TEST_CASE("a demo that is kept runs on until Ctrl-C, and says how to look at it") {
  Demo demo({"--keep", "--fault", "failover", "--controllers", "1"});
  demo.wait_for("until Ctrl-C");
  demo.wait_for("files and logs");
  CHECK(demo.output().find("status --connect ipc://") != std::string::npos);
  demo.interrupt();
  CHECK(demo.exit_code() == 0);
  demo.check_nothing_left();
}

TEST_CASE("the demo refuses faults that cannot be caused in that order") {
  Demo without_kill({"--fault", "return"});
  CHECK(without_kill.exit_code() == 2);
  CHECK(without_kill.output().find("put a kill before it") != std::string::npos);
  Demo without_replica({"--fault", "kill", "kill", "kill", "kill"});
  CHECK(without_replica.exit_code() == 2);
  CHECK(without_replica.output().find("put a return before it") != std::string::npos);
}

TEST_CASE("a demo that finds no redis-server says so in one line") {
  Demo demo({}, "/nowhere");
  CHECK(demo.exit_code() == 3);
  const std::string output = demo.output();
  INFO(output);
  CHECK(output.find("dbha demo: cannot be started: cannot start redis-server") != std::string::npos);
  demo.check_nothing_left();
}
