#include "shell/shell_line.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "shell/split_line.hpp"
#include "shell/words.hpp"

namespace dbha::shell {
namespace {

struct Own {
  std::string_view usage;
  std::string_view meaning;
  /// `rest`: the words after the first. Nothing if they do not fit the usage.
  std::optional<ShellLine> (*read)(Words rest);
};

template <class Line>
std::optional<ShellLine> alone(Words rest) {  // NOLINT(performance-unnecessary-value-param): as the table's others
  if (!rest.empty()) return std::nullopt;
  return Line{};
}

std::optional<ShellLine> to_all(Words rest) {
  if (rest.empty()) return std::nullopt;
  return ToAll{std::move(rest)};
}

template <class Number>
std::optional<Number> number(const std::string& text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<ShellLine> sleep(Words rest) {
  const auto ms = rest.size() == 1 ? number<std::uint32_t>(rest[0]) : std::nullopt;
  if (!ms) return std::nullopt;
  return Sleep{std::chrono::milliseconds(*ms)};
}

constexpr std::array<Own, 8> own_lines{{
    {"!async", "from here on commands are sent without waiting for their replies", alone<Async>},
    {"!sync", "waits for all replies, prints them in order, and waits for each one again", alone<Sync>},
    {"!all COMMAND", "sends the command to every primary", to_all},
    {"!sleep MS", "waits", sleep},
    {"!topology", "the topology in use", alone<ShowTopology>},
    {"!events", "what was told since the last !events, one event a line", alone<ShowEvents>},
    {"!help", "this list", alone<ShowHelp>},
    {"!quit", "ends the shell, as the end of the input does", alone<Quit>},
}};

std::string_view word_of(const Own& own) {
  return own.usage.substr(0, own.usage.find(' '));
}

std::string usages() {
  std::string out;
  for (const auto& own : own_lines) out.append(out.empty() ? "" : ", ").append(own.usage);
  return out;
}

ShellLine read_own(Words words) {
  const std::string word = words.front();
  for (const auto& own : own_lines) {
    if (word != word_of(own)) continue;
    words.erase(words.begin());
    auto line = own.read(std::move(words));
    return line ? std::move(*line) : Unknown{"expected " + std::string(own.usage)};
  }
  return Unknown{"there is no " + word + "; there are " + usages()};
}

/// redis-cli takes a number before a command for how often to send it.
ShellLine read_command(Words words) {
  const bool negative = words.front().starts_with('-');
  const auto times = number<std::uint64_t>(negative ? words.front().substr(1) : words.front());
  if (!times || words.size() == 1) return Command{std::move(words)};
  if (negative || *times == 0) return Malformed{"Invalid redis-cli repeat command option value."};
  words.erase(words.begin());
  return Command{std::move(words), *times};
}

bool ends_the_shell(const Words& words) {
  return words.size() == 1 && (is_word(words[0], "QUIT") || is_word(words[0], "EXIT"));
}

}  // namespace

ShellLine read_line(std::string_view line) {
  auto words = split_line(line);
  if (!words) return Malformed{"Invalid argument(s)"};
  if (words->empty()) return Nothing{};
  if (words->front().starts_with('!')) return read_own(std::move(*words));
  if (ends_the_shell(*words)) return Quit{};
  return read_command(std::move(*words));
}

std::string help_text() {
  std::string out = "A line is a command of the database, split into words as redis-cli does; or one of these:\n";
  for (const auto& own : own_lines) {
    out.append("  ").append(own.usage).append(15 - own.usage.size(), ' ').append(own.meaning).append("\n");
  }
  return out;
}

}  // namespace dbha::shell
