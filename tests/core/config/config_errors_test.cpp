// Every way of getting a file wrong that somebody is likely to find, each by the exact text that they will read.
#include <vector>

#include "core/config/sample.hpp"
#include "support/catch.hpp"

using namespace dbha::test;

TEST_CASE("a misspelt key is refused and the nearest known one named") {
  CHECK(error_of(with(5, "peroid = '1s'")) == "nb.toml:6:1: detector.peroid: unknown key; did you mean 'period'?");
  CHECK(error_of(with(8, "Apply_timeout = '1s'")) ==
        "nb.toml:9:1: controller.Apply_timeout: unknown key; did you mean 'apply_timeout'?");
  CHECK(error_of(with(1, "clusters = 'x'")) == "nb.toml:2:1: clusters: unknown key; did you mean 'cluster'?");
  CHECK(error_of(replaced(9, "detector = []")) ==
        "nb.toml:9:1: controller.detector: unknown key; did you mean 'detectors'?");
}

TEST_CASE("a key that is like no other gets the list of those that are known") {
  CHECK(error_of(with(9, "[log]\ncolour = true")) == "nb.toml:11:1: log.colour: unknown key; known are level, file");
}

TEST_CASE("an unknown section is refused") {
  CHECK(error_of(with(9, "[detectr]")) == "nb.toml:10:2: detectr: unknown section; did you mean 'detector'?");
  CHECK(error_of(with(9, "[metrics]")) ==
        "nb.toml:10:2: metrics: unknown section; known are name, cluster, state_dir, plugin_path, log, admin, backend, "
        "detector, controller, consistency, events");
}

TEST_CASE("sections of a later version are refused rather than ignored") {
  CHECK(error_of(with(9, "[relay]")) == "nb.toml:10:2: relay: not supported by this version; remove the section");
  CHECK(error_of(with(9, "[security]")) == "nb.toml:10:2: security: not supported by this version; remove the section");
  CHECK(error_of(with(9, "[http]")) == "nb.toml:10:2: http: not supported by this version; remove the section");
}

TEST_CASE("a value of the wrong type is shown beside what was expected") {
  CHECK(error_of(with(7, "probe_budget = 'many'")) ==
        "nb.toml:8:16: detector.probe_budget: expected an integer from 10 to 1000000, found text \"many\"");
  CHECK(
      error_of(with(7, "period = 5")) ==
      "nb.toml:8:10: detector.period: expected a duration (\"300ms\", \"1s\", \"10m\", \"1h\") from 10ms to 1m, found "
      "integer 5");
  CHECK(error_of(with(7, "probe_bytes = 1.5")) ==
        "nb.toml:8:15: detector.probe_bytes: expected a size (\"512\", \"64kB\", \"1MB\") from 10kB to 1GB, found "
        "number 1.5");
  CHECK(error_of(replaced(4, "plugin = true")) ==
        "nb.toml:4:10: backend.plugin: expected text that is not empty, found flag true");
  CHECK(error_of(replaced(4, "plugin = ['redis']")) ==
        "nb.toml:4:10: backend.plugin: expected text that is not empty, found a list");
  CHECK(error_of(with(2, "state_dir = 2026-11-22")) == "nb.toml:3:13: state_dir: expected text, found a date or time");
  CHECK(error_of(with(2, "plugin_path = ['/a', 5]")) ==
        "nb.toml:3:22: plugin_path: expected a list of texts, found integer 5");
  CHECK(error_of(with(2, "log = 5")) == "nb.toml:3:7: log: expected one section [log], found integer 5");
  CHECK(error_of(with(9, "[consistency]\nplugin = 'exec'")) ==
        "nb.toml:10:1: consistency: expected sections [[consistency]], found a table");
  CHECK(error_of(with(9, "[[admin]]")) == "nb.toml:10:1: admin: expected one section [admin], found a list");
}

TEST_CASE("a duration without a unit, with an unknown one or with a fraction is refused") {
  const auto refused = [](const std::string& text) {
    return "nb.toml:8:10: detector.listen: expected a duration (\"300ms\", \"1s\", \"10m\", \"1h\") from 0ms to 1h, "
           "found text \"" +
           text + "\"";
  };
  for (const char* text : {"10", "10 sec", "1.5s", "-1s", "", "s", "1d", "10S", "99999999999999999999s"})
    CHECK(error_of(with(7, std::string("listen = '") + text + "'")) == refused(text));
}

TEST_CASE("a value out of its range is refused at both ends") {
  const std::string period =
      "nb.toml:8:10: detector.period: expected a duration (\"300ms\", \"1s\", \"10m\", \"1h\") from 10ms to 1m, found ";
  CHECK(error_of(with(7, "period = '9ms'")) == period + "text \"9ms\"");
  CHECK(error_of(with(7, "period = '61s'")) == period + "text \"61s\"");
  CHECK(error_of(with(7, "probe_budget = 9")) ==
        "nb.toml:8:16: detector.probe_budget: expected an integer from 10 to 1000000, found integer 9");
  CHECK(error_of(with(8, "queue_bytes = '65GB'")) ==
        "nb.toml:9:15: controller.queue_bytes: expected a size (\"512\", \"64kB\", \"1MB\") from 1kB to 64GB, found "
        "text \"65GB\"");
  CHECK(error_of(with(8, "max_redirects = 0")) ==
        "nb.toml:9:17: controller.max_redirects: expected an integer from 1 to 100, found integer 0");
}

TEST_CASE("a required key that is missing is named at its section") {
  CHECK(error_of(replaced(1, "")) ==
        "nb.toml:1:1: name: expected text that is not empty, found nothing: this key is required");
  CHECK(error_of(replaced(4, "")) ==
        "nb.toml:3:1: backend.plugin: expected text that is not empty, found nothing: this key is required");
  CHECK(error_of(replaced(7, "")) ==
        "nb.toml:5:1: detector.control: expected text that is not empty, found nothing: this key is required");
  CHECK(error_of(replaced(9, "")) ==
        "nb.toml:8:1: controller.detectors: expected at least one detector, found nothing: this key is required");
  CHECK(error_of(replaced(9, "detectors = []")) ==
        "nb.toml:9:13: controller.detectors: expected at least one detector, found an empty list");
  CHECK(error_of(replaced(9, "detectors = [{ publish = 'tcp://a:1' }]")) ==
        "nb.toml:9:14: controller.detectors.control: expected text that is not empty, found nothing: this key is "
        "required");
}

TEST_CASE("a file without a role or a backend is refused") {
  const std::string top = "name = 'a'\ncluster = 'c'\n";
  CHECK(error_of(top) == "nb.toml:1:1: backend: expected a section [backend], found none");
  CHECK(error_of(top + "[backend]\nplugin = 'redis'\n") ==
        "nb.toml:1:1: expected a section [detector] or [controller] or both, found none");
}

TEST_CASE("a name that would not fit into a topic is refused") {
  const std::string expected = "expected 1 to 64 letters, digits, '.', '_' or '-', found text ";
  CHECK(error_of(replaced(2, "cluster = 'a/b'")) == "nb.toml:2:11: cluster: " + expected + "\"a/b\"");
  CHECK(error_of(replaced(1, "name = 'no blanks'")) == "nb.toml:1:8: name: " + expected + "\"no blanks\"");
  CHECK(error_of(replaced(1, "name = '" + std::string(65, 'x') + "'")) ==
        "nb.toml:1:8: name: " + expected + '"' + std::string(60, 'x') + "...\"");
  CHECK(error_of(replaced(1, "name = \"a\\u001b[2J\"")) == "nb.toml:1:8: name: " + expected + "\"a?[2J\"");
}

TEST_CASE("an endpoint that cannot work is refused for what it is used for") {
  const std::string bind =
      "nb.toml:6:11: detector.publish: expected tcp://HOST:PORT, tcp://*:PORT or ipc://PATH, found ";
  for (const char* text : {"5570", "tcp://*", "tcp://*:0", "tcp://*:65536", "tcp://*:5570x", "udp://*:5570",
                           "tcp://:5570", "tcp://a b:5570", "ipc://", "tcp://::1:5570"})
    CHECK(error_of(replaced(6, std::string("publish = '") + text + "'")) == bind + "text \"" + text + "\"");
  CHECK(error_of(replaced(9, "detectors = [{ publish = 'tcp://*:5570', control = 'tcp://a:5571' }]")) ==
        "nb.toml:9:26: controller.detectors.publish: expected tcp://HOST:PORT or ipc://PATH, found text "
        "\"tcp://*:5570\"");
  const std::string local =
      "nb.toml:11:12: admin.endpoint: expected ipc://PATH, PATH being a file of at most 107 bytes, found text ";
  CHECK(error_of(with(9, "[admin]\nendpoint = 'tcp://127.0.0.1:1'")) == local + "\"tcp://127.0.0.1:1\"");
  CHECK(error_of(with(9, "[admin]\nendpoint = 'ipc://@dbha'")) == local + "\"ipc://@dbha\"");
  CHECK(error_of(with(9, "[admin]\nendpoint = 'ipc:///" + std::string(107, 'x') + "'")) ==
        local + "\"ipc:///" + std::string(53, 'x') + "...\"");
}

TEST_CASE("settings that contradict each other are refused with both") {
  CHECK(error_of(with(7, "probe_timeout = '2s'")) ==
        "nb.toml:8:17: detector.probe_timeout: expected at most period, which is 1s, found 2s");
  CHECK(error_of(with(7, "period = '31s'")) ==
        "nb.toml:8:10: detector.period: expected at most suspect_for, which is 30s, found 31s");
  CHECK(error_of(with(8, "apply_timeout = '11s'")) ==
        "nb.toml:9:17: controller.apply_timeout: expected at most call_deadline, which is 10s, found 11s");
  CHECK(error_of(with(8, "apply_timeout = '200ms'")) ==
        "nb.toml:8:1: controller.probe_timeout: expected at most apply_timeout, which is 200ms, found 300ms");
  CHECK(error_of(replaced(7, "control = 'tcp://*:5570'")) ==
        "nb.toml:7:11: detector.control: expected another endpoint than publish, found the same one, tcp://*:5570");
  CHECK(error_of(replaced(9,
                          "detectors = [{ publish = 'tcp://a:1', control = 'tcp://a:2' }, { publish = 'tcp://a:1', "
                          "control = 'tcp://a:3' }]")) ==
        "nb.toml:9:76: controller.detectors.publish: expected each endpoint once, found tcp://a:1 again");
}

TEST_CASE("a log level or an event that does not exist is refused with those that do") {
  CHECK(error_of(with(9, "[log]\nlevel = 'warn'")) ==
        "nb.toml:11:9: log.level: expected 'trace', 'debug', 'info', 'warning' or 'error', found text \"warn\"");
  CHECK(
      error_of(with(9, "[log]\nlevel = 'eror'")) ==
      "nb.toml:11:9: log.level: expected 'trace', 'debug', 'info', 'warning' or 'error', found text \"eror\"; did you "
      "mean 'error'?");
  const std::string handler = "[[consistency]]\nplugin = 'exec'\n";
  CHECK(error_of(with(9, handler + "events = ['db_restart']")) ==
        "nb.toml:12:10: consistency.events: expected 'dbrestart', 'topology_changed', 'view_stale', 'view_fresh', "
        "'subscription_interrupted' or 'loss_known', found text \"db_restart\"; did you mean 'dbrestart'?");
  CHECK(error_of(with(9, handler + "events = []")) ==
        "nb.toml:12:10: consistency.events: expected at least one event, found an empty list");
  CHECK(error_of(with(9, handler + "events = ['dbrestart', 'dbrestart']")) ==
        "nb.toml:12:10: consistency.events: expected each event once, found 'dbrestart' again");
}

TEST_CASE("the event socket is a local endpoint of its own, and the first pause is no longer than the longest") {
  CHECK(error_of(with(9, "[events]\nendpoint = 'tcp://*:1'")) ==
        "nb.toml:11:12: events.endpoint: expected ipc://PATH, PATH being a file of at most 107 bytes, found text "
        "\"tcp://*:1\"");
  CHECK(error_of(with(9, "[admin]\nendpoint = 'ipc:///a'\n[events]\nendpoint = 'ipc:///a'")) ==
        "nb.toml:12:2: events.endpoint: expected another endpoint than that of [admin], found the same one, ipc:///a");
  CHECK(error_of(with(9, "[[consistency]]\nplugin = 'exec'\nretry_first = '2s'\nretry_longest = '1s'")) ==
        "nb.toml:12:15: consistency.retry_first: expected at most retry_longest, which is 1s, found 2s");
}

TEST_CASE("a signal that does not exist is refused with those that do") {
  CHECK(error_of(with(7, "signals = ['roles']")) ==
        "nb.toml:8:11: detector.signals: expected 'connection', 'channel', 'heartbeat', 'role', 'epoch' or 'hints', "
        "found "
        "text \"roles\"; did you mean 'role'?");
}

TEST_CASE("two handlers of one name are refused, for the state store tells them apart by it") {
  CHECK(error_of(with(9, "[[consistency]]\nplugin = 'exec'\n[[consistency]]\nplugin = 'exec'")) ==
        "nb.toml:12:1: consistency.name: expected a name of its own for each handler, found 'exec' again; give both "
        "sections different names");
}

TEST_CASE("a handler without a controller would never hear of anything and is refused") {
  const std::string detector_only =
      "name = 'a'\ncluster = 'c'\n[backend]\nplugin = 'redis'\n[detector]\npublish = 'tcp://*:1'\ncontrol = "
      "'tcp://*:2'\n";
  CHECK(error_of(detector_only + "[[consistency]]\nplugin = 'exec'\n") ==
        "nb.toml:8:3: consistency: expected a section [controller] too, found none: only a controller emits events");
  CHECK(error_of(detector_only + "[events]\nendpoint = 'ipc:///a'\n") ==
        "nb.toml:8:2: events: expected a section [controller] too, found none: only a controller emits events");
}

TEST_CASE("what is no TOML is refused with its line and column") {
  CHECK(error_of("name = \n") ==
        "nb.toml:1:8: not valid TOML: Error while parsing key-value pair: expected value, saw '\\n'");
  CHECK(error_of(with(2, "cluster = 'again'")) ==
        "nb.toml:3:11: not valid TOML: Error while parsing key-value pair: cannot redefine existing string 'cluster'");
  CHECK(error_of(with(9, "[detector]")) ==
        "nb.toml:10:1: not valid TOML: Error while parsing table header: cannot redefine existing table 'detector'");
}

TEST_CASE("no message shows a secret") {
  CHECK(error_of(with(4, "password = hunter2")) ==
        "nb.toml:5:12: not valid TOML: (not shown: this line holds a secret)");
  CHECK(error_of(with(4, "password = 123456789012345678901234567890")).find("12345") == std::string::npos);
}
