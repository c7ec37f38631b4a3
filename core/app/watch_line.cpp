#include "watch_line.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "log/log_line.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;

/// What a reader looks for first; all else follows in the order of its names.
constexpr std::array<std::string_view, 10> first_keys{"process", "detector", "status", "cause",      "version",
                                                      "changes", "detail",   "reason", "partitions", "old_primary"};
/// Said already, or of no use on a screen.
constexpr std::array<std::string_view, 11> left_out{
    "what", "event", "role", "at_ms", "monotonic_us", "last_healthy", "id", "name", "cluster", "evidence", "marks"};

/// Of a sign: its detail says all of it.
constexpr std::array<std::string_view, 4> of_sign{"shard", "sign", "node", "endpoint"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string time_text(std::int64_t at_ms) {
  const std::time_t seconds = at_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%FT%T", &utc);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(at_ms % 1000));
  return text;
}

/// The log's words for it.
std::string event_of(const json& line) {
  auto what = line.value("what", "");
  if (what == "published") return "topology_published";
  if (what == "topology_changed") return "topology_applied";
  return what;
}

}  // namespace

std::string ranges_text(const json& ranges) {
  std::string out;
  for (const auto& range : ranges) {
    if (!range.is_array() || range.size() != 2) return ranges.dump();
    out += (out.empty() ? "" : ",") + range[0].dump() + (range[0] == range[1] ? "" : "-" + range[1].dump());
  }
  return out;
}

namespace {

std::string value_text(const std::string& key, const json& value) {
  if (value.is_string())
    return key.ends_with("_primary") ? value.get<std::string>().substr(0, 8) : value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return key == "partitions" ? ranges_text(value) : value.dump();
}

/// Where a watch begins: who it is, and what it holds.
json of_state(const json& state) {
  json out = {{"what", "watching"}, {"at_ms", state.value("at_ms", std::int64_t{0})}};
  out["process"] = state.value("name", "");
  for (const char* role : {"detector", "controller"})
    if (state.contains(role)) out[std::string(role) + "_version"] = state[role].value("version", "");
  const auto problems = state.value("problems", json::array());
  out["state"] = problems.empty() ? json("all is well") : problems.front();
  return out;
}

}  // namespace

std::string fields_text(const json& line) {
  std::vector<std::string> keys;
  for (const auto& key : first_keys)
    if (line.contains(key)) keys.emplace_back(key);
  for (const auto& [key, value] : line.items()) {
    const bool said = among(left_out, key) || key == "number" || (line.contains("shard") && among(of_sign, key));
    if (!said && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  std::string out;
  for (const auto& key : keys) {
    const auto text = value_text(key, line[key]);
    // One field at a time, for the log's own way to quote what came from elsewhere.
    const auto whole = log_line(LogLevel::info, "", {{key, text}});
    out += whole.substr(whole.find(' ' + key + '='));
  }
  return out;
}

std::string watch_line(const json& line) {
  if (line.contains("lost"))
    return "... " + line["lost"].dump() + " lines were lost: they came faster than they were read";
  if (line.value("what", "") == "state") return watch_line(of_state(line));
  const auto role = line.value("role", "process");
  return time_text(line.value("at_ms", std::int64_t{0})) + ' ' + role +
         std::string(role.size() < 10 ? 11 - role.size() : 1, ' ') + event_of(line) + fields_text(line);
}

}  // namespace dbha::app
