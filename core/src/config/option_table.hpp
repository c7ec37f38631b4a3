#pragma once
/// The options of one table of the file, checked against what is declared. Core's own sections and those of plugins go
/// through the same code, so they have the same types, units and messages.

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dbha/context.hpp>
#include <dbha/error.hpp>

#include "config/config.hpp"
#include "config/option_value.hpp"
#include "config/tree.hpp"

namespace dbha {

/// Immutable after construction, so any thread may read it. Owns all that it returns; the specs need not outlive it.
class OptionTable final : public Options {
 public:
  /// Checks the plugin's part of a section, before the plugin is created. `file` names it in errors. Throws ConfigError
  /// with file:line:column for an unknown option (and names the nearest known one), a wrong type, a value out of range,
  /// a missing required option; PluginError if the plugin declares a default that its own declaration refuses.
  OptionTable(const std::filesystem::path& file, const PluginSection& section, std::span<const OptionSpec> specs);

  /// The same for a table of core's own. `section` is what its keys are called in errors: "detector", or "" at the top.
  /// `other_keys` are known too, and read by somebody else.
  OptionTable(const std::filesystem::path& file, std::string section, const Tree& table,
              std::span<const OptionSpec> specs, std::span<const std::string> other_keys = {});

  std::string text(std::string_view name) const override;
  std::int64_t integer(std::string_view name) const override;
  bool flag(std::string_view name) const override;
  Duration duration(std::string_view name) const override;
  std::uint64_t size(std::string_view name) const override;
  std::vector<std::string> text_list(std::string_view name) const override;
  std::string where(std::string_view name) const override;

  /// Does the file say it, rather than the default?
  bool given(std::string_view name) const;

 private:
  struct Option {
    OptionValue value;
    Position at;  ///< of the value; of the table if the default is used
    bool given = false;
  };

  OptionTable(const std::filesystem::path& file, std::string section, const Tree& table,
              std::span<const OptionSpec> specs, std::span<const std::string> other_keys, std::string owner);

  void refuse_unknown(const Tree& table, std::span<const OptionSpec> specs,
                      std::span<const std::string> other_keys) const;
  Option read(const Tree& table, const OptionSpec& spec) const;
  std::string full_key(std::string_view name) const;
  const Option& option(std::string_view name) const;
  template <class T>
  const T& get(std::string_view name) const;

  std::filesystem::path file_;
  std::string section_;
  std::string owner_;  ///< who declared the options, to begin a PluginError with
  std::map<std::string, Option, std::less<>> options_;
};

}  // namespace dbha
