#include "config/config.hpp"

#include <filesystem>
#include <fstream>

#include "core/config/sample.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

TEST_CASE("a file with the required keys only gets every default") {
  const Config config = parse_config(sample, "nb.toml");
  CHECK(config.file == "nb.toml");
  CHECK(config.name == "nb-1");
  CHECK(config.cluster == "nb");
  CHECK(config.state_dir == "/var/lib/dbha");
  CHECK(config.plugin_path.empty());
  CHECK(config.log.level == LogLevel::info);
  CHECK(config.log.file.empty());
  CHECK(config.admin_endpoint.empty());
  CHECK(config.backend.plugin == "redis");
  CHECK(config.consistency.empty());
  CHECK(config.events_endpoint.empty());

  REQUIRE(config.detector);
  CHECK(config.detector->bind == BusEndpoints{"tcp://*:5570", "tcp://*:5571"});
  CHECK(config.detector->period == 1s);
  CHECK(config.detector->probe_timeout == 300ms);
  CHECK(config.detector->probe_budget == 500);
  CHECK(config.detector->probe_bytes == 1'000'000);
  CHECK(config.detector->tilt_after == 2s);
  CHECK(config.detector->listen == 3s);
  CHECK(config.detector->reset_after == 10s);
  CHECK(config.detector->suspect_for == 30s);

  REQUIRE(config.controller);
  CHECK(config.controller->detectors == std::vector<BusEndpoints>{{"tcp://a:5570", "tcp://a:5571"}});
  CHECK(config.controller->on_detector_loss == OnDetectorLoss::keep);
  CHECK(config.controller->apply_timeout == 1s);
  CHECK(config.controller->call_deadline == 10s);
  CHECK(config.controller->probe_timeout == 300ms);
  CHECK(config.controller->max_redirects == 5);
  CHECK(config.controller->queue_calls == 100'000);
  CHECK(config.controller->queue_bytes == 64'000'000);
  CHECK(config.controller->handler_slow == 60s);
}

TEST_CASE("a file that says everything is taken at its word") {
  const Config config = parse_config(R"(
name = "nb-1"
cluster = "nb"
state_dir = "state"
plugin_path = ["/opt/a", "b"]
[log]
level = "debug"
file = "/var/log/dbha.log"
[admin]
endpoint = "ipc:///run/dbha/nb.sock"
[backend]
plugin = "./libdbha_redis.so"
seeds = ["10.0.0.1:7000"]
[detector]
publish = "ipc:///run/dbha/pub"
control = "tcp://[::1]:5571"
period = "2s"
probe_timeout = "100ms"
probe_budget = 50
probe_bytes = "64KiB"
tilt_after = "3s"
listen = "0s"
reset_after = "1m"
suspect_for = "1h"
peers = []
[controller]
detectors = [{ publish = "tcp://a:1", control = "tcp://a:2" }, { publish = "tcp://b:1", control = "tcp://b:2" }]
on_detector_loss = "self_detect"
self_detect_after = "5s"
self_detect_budget = 70
apply_timeout = "2s"
call_deadline = "20s"
probe_timeout = "400ms"
max_redirects = 7
queue_calls = 9
queue_bytes = 4096
handler_slow = "5s"
[events]
endpoint = "ipc:///run/dbha/nb.events"
[[consistency]]
plugin = "exec"
command = ["/bin/true"]
[[consistency]]
plugin = "exec"
name = "audit"
events = ["dbrestart", "view_stale"]
retry_first = "10ms"
retry_longest = "1m"
)",
                                     "nb.toml");
  CHECK(config.state_dir == "state");
  CHECK(config.plugin_path == std::vector<std::filesystem::path>{"/opt/a", "b"});
  CHECK(config.log.level == LogLevel::debug);
  CHECK(config.log.file == "/var/log/dbha.log");
  CHECK(config.admin_endpoint == "ipc:///run/dbha/nb.sock");
  CHECK(config.detector->bind == BusEndpoints{"ipc:///run/dbha/pub", "tcp://[::1]:5571"});
  CHECK(config.detector->period == 2s);
  CHECK(config.detector->probe_timeout == 100ms);
  CHECK(config.detector->probe_budget == 50);
  CHECK(config.detector->probe_bytes == 65536);
  CHECK(config.detector->tilt_after == 3s);
  CHECK(config.detector->listen == 0s);
  CHECK(config.detector->reset_after == 1min);
  CHECK(config.detector->suspect_for == 1h);
  CHECK(config.controller->detectors.size() == 2);
  CHECK(config.controller->on_detector_loss == OnDetectorLoss::self_detect);
  CHECK(config.controller->self_detect_after == 5s);
  CHECK(config.controller->self_detect_budget == 70);
  CHECK(config.controller->apply_timeout == 2s);
  CHECK(config.controller->call_deadline == 20s);
  CHECK(config.controller->probe_timeout == 400ms);
  CHECK(config.controller->max_redirects == 7);
  CHECK(config.controller->queue_calls == 9);
  CHECK(config.controller->queue_bytes == 4096);
  CHECK(config.controller->handler_slow == 5s);
  CHECK(config.events_endpoint == "ipc:///run/dbha/nb.events");
  REQUIRE(config.consistency.size() == 2);
  CHECK(config.consistency[0].name == "exec");
  CHECK(config.consistency[0].events == std::vector<std::string>{"dbrestart"});
  CHECK(config.consistency[0].retry_first == 1s);
  CHECK(config.consistency[0].retry_longest == 30s);
  CHECK(config.consistency[1].retry_first == 10ms);
  CHECK(config.consistency[1].retry_longest == 1min);
  CHECK(config.consistency[1].name == "audit");
  CHECK(config.consistency[1].events == std::vector<std::string>{"dbrestart", "view_stale"});
}

TEST_CASE("the plugin's part of a section is handed on with its place in the file") {
  const Config config = parse_config(with(4, "seeds = ['a:1']"), "nb.toml");
  const Tree::Entry* seeds = config.backend.table.find("seeds");
  REQUIRE(seeds);
  CHECK(seeds->at == Position{5, 1});
  CHECK(seeds->value.at == Position{5, 9});
  CHECK(config.backend.core_keys == std::vector<std::string>{"plugin"});
}

TEST_CASE("a detector may be one of several: its peers are where the others publish and answer") {
  const Config config = parse_config(with(7, "peers = [{ publish = 'tcp://b:1', control = 'tcp://b:2' }]"), "nb.toml");
  CHECK(config.detector->peers == std::vector<BusEndpoints>{{"tcp://b:1", "tcp://b:2"}});
  CHECK(describe(config)[4].find(", one of several beside tcp://b:1") != std::string::npos);
}

TEST_CASE("one role is enough") {
  const std::string top = "name = 'a'\ncluster = 'c'\n[backend]\nplugin = 'redis'\n";
  const Config detector = parse_config(top + "[detector]\npublish = 'tcp://*:1'\ncontrol = 'tcp://*:2'\n", "f");
  CHECK(detector.detector.has_value());
  CHECK_FALSE(detector.controller.has_value());
  const Config controller =
      parse_config(top + "[controller]\ndetectors = [{ publish = 'tcp://a:1', control = 'tcp://a:2' }]\n", "f");
  CHECK_FALSE(controller.detector.has_value());
  CHECK(controller.controller.has_value());
}

TEST_CASE("a file that cannot be read is named with the reason") {
  const auto error = [](const std::filesystem::path& file) -> std::string {
    try {
      load_config(file);
    } catch (const ConfigError& refused) {
      return refused.what();
    }
    return "accepted";
  };
  CHECK(error("/nowhere/nb.toml") ==
        "/nowhere/nb.toml: expected a configuration file, found: No such file or directory");
  CHECK(error("/tmp") == "/tmp: expected a configuration file, found: a folder");
  CHECK(error("/dev/zero") == "/dev/zero: expected a configuration file, found: more than 1 MB");
}

TEST_CASE("describe says in a few lines what the process will do, and tells no option of a plugin") {
  const std::string content = with(4, "password = 'hunter2'") + "[[consistency]]\nplugin = 'exec'\nname = 'resync'\n";
  const std::vector<std::string> lines = describe(parse_config(content, "nb.toml"));
  CHECK(lines == std::vector<std::string>{
                     "process nb-1 of cluster nb, state in /var/lib/dbha",
                     "log level info to standard error",
                     "no admin endpoint",
                     "backend redis",
                     "detector publishing on tcp://*:5570, answering hellos on tcp://*:5571, asking each 1s within 500 "
                     "commands and 1MB a second",
                     "controller listening to tcp://a:5570 (hellos to tcp://a:5571), calls end within 10s; without a "
                     "detector it keeps its last topology",
                     "consistency handler resync (plugin exec) told of dbrestart",
                 });
}
