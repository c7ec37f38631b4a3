#include "config/option_value.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "config/program.hpp"
#include "config/units.hpp"

namespace dbha {
namespace {

bool required(const OptionSpec& spec) {
  return spec.default_value == nullptr;
}
bool in_range(const OptionSpec& spec, std::int64_t value) {
  return spec.minimum <= value && value <= spec.maximum;
}

std::optional<OptionValue> read_text(const OptionSpec& spec, const Tree& value) {
  const std::string* text = value.text();
  if (!text || (required(spec) && text->empty())) return std::nullopt;
  return *text;
}

std::optional<OptionValue> read_integer(const OptionSpec& spec, const Tree& value) {
  const auto* number = std::get_if<std::int64_t>(&value.value);
  if (!number || !in_range(spec, *number)) return std::nullopt;
  return *number;
}

std::optional<OptionValue> read_flag(const Tree& value) {
  const auto* flag = std::get_if<bool>(&value.value);
  if (!flag) return std::nullopt;
  return *flag;
}

std::optional<OptionValue> read_duration(const OptionSpec& spec, const Tree& value) {
  const auto duration = value.text() ? parse_duration(*value.text()) : std::nullopt;
  if (!duration || !in_range(spec, std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count()))
    return std::nullopt;
  return *duration;
}

/// Bytes may also stand as a plain integer.
std::optional<OptionValue> read_size(const OptionSpec& spec, const Tree& value) {
  const auto* number = std::get_if<std::int64_t>(&value.value);
  std::optional<std::uint64_t> bytes;
  if (number && *number >= 0) bytes = static_cast<std::uint64_t>(*number);
  if (value.text()) bytes = parse_size(*value.text());
  if (!bytes || !in_range(spec, static_cast<std::int64_t>(*bytes))) return std::nullopt;
  return *bytes;
}

std::optional<OptionValue> read_text_list(const OptionSpec& spec, const Tree& value) {
  const Tree::Array* elements = value.array();
  if (!elements || (required(spec) && elements->empty())) return std::nullopt;
  std::vector<std::string> texts;
  for (const Tree& element : *elements) {
    if (!element.text()) return std::nullopt;
    texts.push_back(*element.text());
  }
  return texts;
}

std::optional<OptionValue> read_command(const OptionSpec& spec, const Tree& value) {
  auto texts = read_text_list(spec, value);
  if (!texts) return std::nullopt;
  const auto& command = std::get<std::vector<std::string>>(*texts);
  if (!command.empty() && !can_be_run(command.front())) return std::nullopt;
  return texts;
}

OptionValue empty_value(OptionType type) {
  switch (type) {
    case OptionType::text:
      return std::string();
    case OptionType::integer:
      return std::int64_t{0};
    case OptionType::flag:
      return false;
    case OptionType::duration:
      return Duration::zero();
    case OptionType::size:
      return std::uint64_t{0};
    case OptionType::text_list:
    case OptionType::command:
      return std::vector<std::string>();
  }
  return std::string();
}

Tree list_of(std::string_view words) {
  Tree::Array elements;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(','));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    const std::size_t first = word.find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    elements.push_back({std::string(word.substr(first, word.find_last_not_of(' ') + 1 - first)), {}});
  }
  return {std::move(elements), {}};
}

/// What would stand in a file for a default; text that is no integer or flag stays text and is refused as such.
Tree tree_of_default(OptionType type, std::string_view text) {
  if (type == OptionType::text_list || type == OptionType::command) return list_of(text);
  if (type == OptionType::flag && (text == "true" || text == "false")) return {text == "true", {}};
  if (type == OptionType::integer) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && rest == end) return {number, {}};
  }
  return {std::string(text), {}};
}

std::string range_in(const OptionSpec& spec, std::string (*text_of)(std::int64_t)) {
  const bool lowest = spec.minimum == INT64_MIN || (spec.type == OptionType::size && spec.minimum <= 0);
  const bool highest = spec.maximum == INT64_MAX;
  if (lowest && highest) return "";
  if (lowest) return " up to " + text_of(spec.maximum);
  if (highest) return " from " + text_of(spec.minimum);
  return " from " + text_of(spec.minimum) + " to " + text_of(spec.maximum);
}

std::string text_of_integer(std::int64_t number) {
  return std::to_string(number);
}
std::string text_of_ms(std::int64_t ms) {
  return text_of_duration(std::chrono::milliseconds(ms));
}
std::string text_of_bytes(std::int64_t bytes) {
  return text_of_size(static_cast<std::uint64_t>(bytes));
}

}  // namespace

std::optional<OptionValue> read_option(const OptionSpec& spec, const Tree& value) {
  switch (spec.type) {
    case OptionType::text:
      return read_text(spec, value);
    case OptionType::integer:
      return read_integer(spec, value);
    case OptionType::flag:
      return read_flag(value);
    case OptionType::duration:
      return read_duration(spec, value);
    case OptionType::size:
      return read_size(spec, value);
    case OptionType::text_list:
      return read_text_list(spec, value);
    case OptionType::command:
      return read_command(spec, value);
  }
  return std::nullopt;
}

std::optional<OptionValue> read_default(const OptionSpec& spec) {
  const std::string_view text = spec.default_value;
  if (text.empty()) return empty_value(spec.type);
  return read_option(spec, tree_of_default(spec.type, text));
}

std::string expected(const OptionSpec& spec) {
  switch (spec.type) {
    case OptionType::text:
      return required(spec) ? "text that is not empty" : "text";
    case OptionType::integer:
      return "an integer" + range_in(spec, text_of_integer);
    case OptionType::flag:
      return "true or false";
    case OptionType::duration:
      return R"(a duration ("300ms", "1s", "10m", "1h"))" + range_in(spec, text_of_ms);
    case OptionType::size:
      return R"(a size ("512", "64kB", "1MB"))" + range_in(spec, text_of_bytes);
    case OptionType::text_list:
      return required(spec) ? "a list of texts that is not empty" : "a list of texts";
    case OptionType::command:
      return "a list that begins with a program which this user may run (a path, or a name found along PATH)";
  }
  return "an option of a type that this version knows";
}

const Tree& culprit(const OptionSpec& spec, const Tree& value) {
  if ((spec.type != OptionType::text_list && spec.type != OptionType::command) || !value.array()) return value;
  for (const Tree& element : *value.array())
    if (!element.text()) return element;
  return spec.type == OptionType::command && !value.array()->empty() ? value.array()->front() : value;
}

}  // namespace dbha
