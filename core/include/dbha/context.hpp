#pragma once
/// What a plugin is given by its host: the loop, a log, its options with their place in the file, and a folder for
/// state.

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <dbha/event_loop.hpp>
#include <dbha/types.hpp>

namespace dbha {

enum class LogLevel { trace, debug, info, warning, error };

/// One line an event: a name and key=value fields, the same words as in `dbha status`. Any thread. Never pass a secret.
class Log {
 public:
  struct Field {
    std::string_view key;
    std::string value;
  };
  using Fields = std::initializer_list<Field>;

  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view event, Fields fields) = 0;

  void debug(std::string_view event, Fields fields = {}) { write(LogLevel::debug, event, fields); }
  void info(std::string_view event, Fields fields = {}) { write(LogLevel::info, event, fields); }
  void warning(std::string_view event, Fields fields = {}) { write(LogLevel::warning, event, fields); }
  void error(std::string_view event, Fields fields = {}) { write(LogLevel::error, event, fields); }
};

/// A command is a list of texts too: a program that this process can run, found along PATH if it is no path, and its
/// arguments.
enum class OptionType { text, integer, flag, duration, size, text_list, command };

/// One setting that a plugin understands. Static data of the plugin: the host checks the configuration against it
/// before the plugin is created, and its help is for people.
struct OptionSpec {
  const char* name;
  OptionType type;
  const char* default_value;         ///< as it would stand in the file, without quotes; nullptr: required; "": none
  const char* help;                  ///< one line, with the unit
  std::int64_t minimum = INT64_MIN;  ///< of integers; of durations in ms; of sizes in bytes
  std::int64_t maximum = INT64_MAX;
};

/// The options of one plugin after the host has checked them and filled in the defaults. Asking for a name that the
/// plugin did not declare, or with another type, is a mistake of the plugin and throws PluginError.
class Options {
 public:
  virtual ~Options() = default;
  virtual std::string text(std::string_view name) const = 0;
  virtual std::int64_t integer(std::string_view name) const = 0;
  virtual bool flag(std::string_view name) const = 0;
  virtual Duration duration(std::string_view name) const = 0;
  virtual std::uint64_t size(std::string_view name) const = 0;
  virtual std::vector<std::string> text_list(std::string_view name) const = 0;  ///< commands too
  /// "file:line:column: key", to begin a ConfigError with when a value turns out wrong later.
  virtual std::string where(std::string_view name) const = 0;
};

/// Given to a plugin's factory. Everything in it outlives the plugin's objects.
struct PluginContext {
  EventLoop& loop;
  Log& log;
  const Options& options;
  std::string process_name;         ///< `name` of the configuration, unique in the fleet
  std::filesystem::path state_dir;  ///< exists, and is this process's own
};

}  // namespace dbha
