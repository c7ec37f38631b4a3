#include "history_text.hpp"

#include <cstdio>

#include "watch_line.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;

std::string node_text(const json& id) {
  const auto text = id.get<std::string>();
  return text.empty() ? "nobody" : text.substr(0, 8);
}

/// "3f2a1b7c@7"
std::string claim_text(const json& claim) {
  return node_text(claim.at("owner")) + '@' + claim.at("epoch").dump();
}

/// "3 (3f2a1b7c@7 9c0d77aa@7 ...)"
std::string voices_text(const json& voices) {
  std::string out;
  for (const auto& showing : voices.at("some"))
    out += (out.empty() ? "" : " ") + node_text(showing.at("node")) + '@' + showing.at("epoch").dump();
  if (voices.at("count") != voices.at("some").size()) out += " ...";
  return voices.at("count").dump() + " (" + out + ')';
}

std::string ms_text(const json& us) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f ms", us.get<double>() / 1000);
  return text;
}

std::string steps_text(const json& steps) {
  std::string out;
  for (const char* step : {"suspected", "promoted", "claimed"}) {
    const auto found = steps.find(std::string(step) + "_us_before");
    if (found == steps.end()) continue;
    out += std::string(", ") + step + ' ' + ms_text(*found) + " before";
    if (step == std::string("suspected") && steps.contains("sign")) out += " by " + steps["sign"].get<std::string>();
  }
  return out;
}

std::string claim_line(const json& record) {
  if (record.contains("left_out")) return "... and " + record["left_out"].dump() + " more";
  std::string out = ranges_text(record.at("partitions")) + ' ';
  if (record.contains("before")) out += claim_text(record["before"]) + " -> ";
  out += claim_text(record.at("claim"));
  if (record.contains("road")) out += ", " + record["road"].get<std::string>();
  if (record.contains("refused")) out += ", refused: " + record["refused"].get<std::string>();
  for (const char* whose : {"heard", "named", "contested"})
    if (record.contains(whose)) out += std::string(", ") + whose + " by " + voices_text(record[whose]);
  if (record.contains("voters")) out += " of " + record["voters"].dump() + " voters";
  return out + (record.contains("steps") ? steps_text(record["steps"]) : "");
}

std::string mark_line(const json& mark) {
  return ranges_text(json::array({mark.at("partitions")})) + " marked: " + mark.at("cause").get<std::string>() +
         " of " + node_text(mark.at("old_owner")) + ", loss " + mark.at("loss").get<std::string>();
}

}  // namespace

std::string history_text(const json& entry) {
  std::string out = watch_line(entry);
  for (const auto& record : entry.value("evidence", json::array())) out += "\n    " + claim_line(record);
  for (const auto& mark : entry.value("marks", json::array())) out += "\n    " + mark_line(mark);
  return out;
}

}  // namespace dbha::app
