#pragma once
/// What a configuration file says, checked and with its defaults filled in. Plain values: whoever needs a setting gets
/// a copy of its section, nobody reads the file twice.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dbha/context.hpp>
#include <dbha/error.hpp>
#include <dbha/signals.hpp>
#include <dbha/types.hpp>

#include "config/tree.hpp"

namespace dbha {

/// A table of the file that names a plugin. All but core's own keys is the plugin's: check it with OptionTable
/// (config/option_table.hpp) against what the plugin declares.
struct PluginSection {
  std::string section;                 ///< "backend" or "consistency", to begin error messages with
  std::string plugin;                  ///< a name, or a path if it contains '/'
  Tree table;                          ///< all of it, core's own keys too
  std::vector<std::string> core_keys;  ///< those which are not the plugin's
};

struct LogConfig {
  LogLevel level = LogLevel::info;
  std::filesystem::path file;  ///< empty: standard error
};

/// The two ends of one detector. Connected to by a controller, bound by a detector.
struct BusEndpoints {
  std::string publish;
  std::string control;
  friend bool operator==(const BusEndpoints&, const BusEndpoints&) = default;
};

struct DetectorConfig {
  BusEndpoints bind;
  Duration period = std::chrono::seconds(1);                ///< of the rounds of questions
  Duration probe_timeout = std::chrono::milliseconds(300);  ///< an answer later than this is none; below period
  std::uint32_t probe_budget = 500;                         ///< commands a second, to the whole database
  std::uint64_t probe_bytes = 1'000'000;                    ///< bytes of answers a second, from the whole database
  Duration tilt_after = std::chrono::seconds(2);            ///< own lateness from which the detector distrusts itself
  Duration listen = std::chrono::seconds(3);                ///< to what the fleet holds, before the first publication
  Duration reset_after = std::chrono::seconds(10);          ///< a lower claim must be confirmed for so long (R5)
  Duration suspect_for = std::chrono::seconds(30);          ///< how long a hint keeps the raised rate at most
  /// Between the resynchronisations of two controllers, on average.
  Duration resync_spacing = std::chrono::milliseconds(50);
  Signals signals;                  ///< by which it learns of changes between its rounds
  std::vector<BusEndpoints> peers;  ///< the other detectors
};

enum class OnDetectorLoss { keep, self_detect };

struct ControllerConfig {
  std::vector<BusEndpoints> detectors;  ///< at least one
  OnDetectorLoss on_detector_loss = OnDetectorLoss::keep;
  Duration self_detect_after = std::chrono::seconds(10);  ///< without a beat, with self_detect
  std::uint32_t self_detect_budget = 2000;                ///< commands a second of the whole fleet's controllers
  Duration hold_down = std::chrono::seconds(10);          ///< in which further events of a flapping shard merge
  Duration apply_timeout = std::chrono::seconds(1);       ///< how long an event waits for the primaries to answer
  Duration call_deadline = std::chrono::seconds(10);  ///< of calls that bear none of their own; at least apply_timeout
  Duration probe_timeout = std::chrono::milliseconds(300);  ///< a primary's answer later than this is none
  std::uint32_t max_redirects = 5;                          ///< of one call
  std::size_t queue_calls = 100'000;                        ///< waiting or under way; more are refused
  std::size_t queue_bytes = 64'000'000;                     ///< the same, in bytes of their arguments
  Duration handler_slow = std::chrono::seconds(60);         ///< a handler that is longer in one event is reported
};

struct ConsistencyConfig {
  std::string name;                 ///< names the handler in the state store; unique; default: the plugin's name
  std::vector<std::string> events;  ///< names of events.hpp; default: dbrestart
  Duration retry_first = std::chrono::seconds(1);     ///< before an event that failed is delivered again, then doubled
  Duration retry_longest = std::chrono::seconds(30);  ///< at least retry_first
  PluginSection plugin;
};

struct Config {
  std::filesystem::path file;

  std::string name;     ///< of this process, unique in the fleet
  std::string cluster;  ///< the topic on the bus is HA/<cluster>/
  std::filesystem::path state_dir = "/var/lib/dbha";
  std::vector<std::filesystem::path> plugin_path;  ///< searched before the installed place

  LogConfig log;
  std::string admin_endpoint;  ///< ipc://PATH; empty: none
  PluginSection backend;
  std::optional<DetectorConfig> detector;  ///< at least one of these two is set
  std::optional<ControllerConfig> controller;
  std::vector<ConsistencyConfig> consistency;  ///< only with a controller
  std::string events_endpoint;                 ///< ipc://PATH, only with a controller; empty: none
};

/// Reads and checks a file. Throws ConfigError, "FILE:LINE:COLUMN: KEY: expected ..., found ...", for the first mistake
/// in it, or one that names the file if it cannot be read.
Config load_config(const std::filesystem::path& file);

/// The same with the content in hand; `file` only names it in errors.
Config parse_config(std::string_view content, const std::filesystem::path& file);

/// What the process will do, in a few lines for people: the answer of `dbha check`. Contains no option of a plugin, so
/// no secret.
std::vector<std::string> describe(const Config& config);

}  // namespace dbha
