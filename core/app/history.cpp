#include <cstdio>

#include <dbha/error.hpp>

#include "commands.hpp"
#include "config/config.hpp"
#include "exit_status.hpp"
#include "history/history_file.hpp"
#include "history/since.hpp"
#include "history_text.hpp"
#include "runtime/wall_clock.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;

/// Nothing, with the reason on standard error, if that is no time.
std::optional<std::int64_t> begin_of(const HistoryQuestion& question) {
  if (question.since.empty()) return 0;
  const auto moment = moment_ms(question.since, wall_clock_ms());
  if (!moment)
    std::fprintf(stderr,
                 "dbha: --since: expected how long ago (90s, 10m, 2h) or a time of UTC (2026-11-23T04:05:06Z, "
                 "2026-11-23), found '%s'\n",
                 question.since.c_str());
  return moment;
}

void print(const std::string& line, bool as_json) {
  std::printf("%s\n", as_json ? line.c_str() : history_text(json::parse(line, nullptr, false)).c_str());
}

}  // namespace

int history(const HistoryQuestion& question) {
  const auto begin = begin_of(question);
  if (!begin) return wrong_usage;
  const Config config = load_config(question.config);
  const auto file = HistoryFile::path_of(config.state_dir, config.name);
  std::error_code unknown;
  if (!std::filesystem::exists(file, unknown)) {
    std::fprintf(stderr,
                 "dbha: there is no history at %s: has a process of this configuration run, and may you open "
                 "that folder?\n",
                 file.c_str());
    return not_reached;
  }
  try {
    const auto lines = HistoryFile(file, HistoryFile::Access::read).newest(*begin, question.limit);
    for (const auto& line : lines) print(line, question.json);
    if (lines.empty()) std::fprintf(stderr, "dbha: nothing has happened in that time\n");
  } catch (const Error& e) {
    std::fprintf(stderr, "dbha: %s\n", e.what());
    return not_reached;
  }
  return done;
}

}  // namespace dbha::app
