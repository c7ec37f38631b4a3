#include "config/section_keys.hpp"

#include <algorithm>
#include <stdexcept>

namespace dbha {
namespace {

constexpr std::int64_t second = 1000;  // durations are in ms
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t kilobyte = 1000;
constexpr std::int64_t gigabyte = 1'000'000'000;

using enum OptionType;

std::vector<SectionKeys> make_section_keys() {
  return {
      {"",
       {{"name", text, nullptr, "of this process, unique in the fleet"},
        {"cluster", text, nullptr, "the database's name: the topic on the bus is HA/<cluster>/"},
        {"state_dir", text, "", "folder of the state store"},
        {"plugin_path", text_list, "", "folders searched for plugins before the installed one"}},
       {"log", "admin", "backend", "detector", "controller", "consistency", "events"}},
      {"log",
       {{"level", text, "", "trace, debug, info, warning or error: what is below is not written"},
        {"file", text, "", "appended to; empty: standard error"}},
       {}},
      {"admin", {{"endpoint", text, "", "ipc://PATH for the command line; empty: none"}}, {}},
      {"backend", {{"plugin", text, nullptr, "name of the backend plugin, or its path"}}, {}},
      {"detector",
       {{"publish", text, nullptr, "endpoint bound for publications and beats"},
        {"control", text, nullptr, "endpoint bound for hellos and snapshots"},
        {"period", duration, "", "of the rounds of questions to all nodes", 10, minute},
        {"probe_timeout", duration, "", "an answer later than this is none", 10, minute},
        {"probe_budget", integer, "", "commands a second that the whole database is asked at most", 10, 1'000'000},
        {"probe_bytes", size, "", "bytes of answers a second from the whole database", 10 * kilobyte, gigabyte},
        {"tilt_after", duration, "", "own lateness from which the detector distrusts itself", 100, minute},
        {"listen", duration, "", "to what the fleet holds, before the first publication without a store", 0, hour},
        {"reset_after", duration, "", "a lower claim must be confirmed for so long to be published", 100, hour},
        {"signals", text_list, "", "by which it learns of changes between its rounds"},
        {"suspect_for", duration, "", "how long a hint keeps the raised rate of questions at most", second, hour},
        {"resync_spacing", duration, "", "between the resynchronisations of two controllers, on average", 0, minute}},
       {"peers"}},
      {"controller",
       {{"on_detector_loss", text, "", "when no detector is heard: keep, self_detect"},
        {"self_detect_after", duration, "", "without a beat, before the controller looks at the database itself",
         3 * second, hour},
        {"self_detect_budget", integer, "", "commands a second that all controllers of the fleet together then ask", 10,
         1'000'000},
        {"hold_down", duration, "", "in which further events of a flapping shard merge into one", 0, hour},
        {"apply_timeout", duration, "", "how long an event waits for the primaries to answer", 10, minute},
        {"call_deadline", duration, "", "of calls that bear none of their own", 10, hour},
        {"probe_timeout", duration, "", "a primary's answer later than this is none", 10, minute},
        {"max_redirects", integer, "", "of one call", 1, 100},
        {"queue_calls", integer, "", "calls waiting or under way; more are refused", 1, 100'000'000},
        {"queue_bytes", size, "", "the same, in bytes of their arguments", kilobyte, 64 * gigabyte},
        {"handler_slow", duration, "", "a handler that is longer in one event is reported", 100, 24 * hour}},
       {"detectors"}},
      {"events", {{"endpoint", text, "", "ipc://PATH where programs hear events; empty: none"}}, {}},
      {"consistency",
       {{"plugin", text, nullptr, "name of the consistency plugin, or its path"},
        {"name", text, "", "names the handler in the state store; default: the plugin's name"},
        {"events", text_list, "", "names of the events it is told of"},
        {"retry_first", duration, "", "before an event that failed is delivered again; then doubled", 10, hour},
        {"retry_longest", duration, "", "the longest of these pauses", 10, 24 * hour}},
       {}},
  };
}

}  // namespace

std::span<const SectionKeys> section_keys() {
  static const std::vector<SectionKeys> keys = make_section_keys();
  return keys;
}

const SectionKeys& section_keys(std::string_view section) {
  const auto all = section_keys();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const SectionKeys& keys) { return keys.section == section; });
  if (it == all.end()) throw std::logic_error("no section " + std::string(section));
  return *it;
}

std::span<const OptionSpec> bus_endpoint_keys() {
  static constexpr OptionSpec keys[] = {{"publish", text, nullptr, "where the detector publishes"},
                                        {"control", text, nullptr, "where it answers hellos"}};
  return keys;
}

std::span<const std::string> unsupported_sections() {
  static const std::vector<std::string> names = {"relay", "security", "http"};
  return names;
}

}  // namespace dbha
