#pragma once
/// The options of a plugin as a test gives them, in place of a configuration file.

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <dbha/context.hpp>
#include <dbha/error.hpp>

namespace dbha::test {

/// What is not given is empty, false or 1 s; of numbers and sizes it throws.
struct GivenOptions final : Options {
  template <class T>
  using Values = std::map<std::string, T, std::less<>>;
  Values<std::string> texts;
  Values<bool> flags;
  Values<std::vector<std::string>> lists;
  Values<Duration> durations;
  Values<std::int64_t> integers;
  Values<std::uint64_t> sizes;

  explicit GivenOptions(Values<std::string> given_texts = {}, Values<bool> given_flags = {})
      : texts(std::move(given_texts)), flags(std::move(given_flags)) {}

  std::string text(std::string_view name) const override { return value(texts, name); }
  bool flag(std::string_view name) const override { return value(flags, name); }
  std::vector<std::string> text_list(std::string_view name) const override { return value(lists, name); }
  Duration duration(std::string_view name) const override {
    const auto at = durations.find(name);
    return at != durations.end() ? at->second : std::chrono::seconds(1);
  }
  std::int64_t integer(std::string_view name) const override { return given(integers, name); }
  std::uint64_t size(std::string_view name) const override { return given(sizes, name); }
  std::string where(std::string_view name) const override { return "nb.toml:7:1: " + std::string(name); }

 private:
  template <class T>
  static T given(const Values<T>& values, std::string_view name) {
    const auto at = values.find(name);
    if (at == values.end()) throw PluginError("no such number");
    return at->second;
  }
  template <class T>
  static T value(const Values<T>& values, std::string_view name) {
    const auto at = values.find(name);
    return at != values.end() ? at->second : T{};
  }
};

/// What the ConfigError says that `use` throws.
template <class Use>
std::string why_refused(Use use) {
  try {
    use();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace dbha::test
