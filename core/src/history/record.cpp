#include "history/record.hpp"

#include <nlohmann/json.hpp>

#include "topology/json.hpp"

namespace dbha {
namespace {

using nlohmann::json;

/// The first publication of a large cluster has a change for each shard, and no one will read a thousand
/// (nor would they fit into a line of the history).
constexpr std::size_t claims_at_most = 20;

std::int64_t microseconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

void put(json& out, const char* key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}
void put(json& out, const char* key, const std::optional<Duration>& duration) {
  if (duration) out[key] = microseconds_of(*duration);
}

json json_of(const Showing& showing) {
  return {{"node", showing.node.value}, {"epoch", showing.epoch.value}};
}

void put(json& out, const char* key, const Voices& voices) {
  if (voices.count == 0) return;
  json some = json::array();
  for (const auto& showing : voices.some) some.push_back(json_of(showing));
  out[key] = {{"count", voices.count}, {"some", std::move(some)}};
}

json json_of(const Claim& claim) {
  return {{"owner", claim.owner.value}, {"epoch", claim.epoch.value}, {"turn", claim.turn}};
}

json json_of(const Steps& steps) {
  json out = json::object();
  put(out, "suspected_us_before", steps.suspected);
  put(out, "sign", steps.sign);
  put(out, "promoted_us_before", steps.promoted);
  put(out, "claimed_us_before", steps.claimed);
  return out;
}

json json_of(const ClaimRecord& record) {
  json out = {{"partitions", to_json(record.partitions)}, {"claim", json_of(record.claim)}};
  if (record.before) out["before"] = json_of(*record.before);
  if (record.road) out["road"] = text_of(*record.road);
  put(out, "refused", record.refused);
  if (record.proof.voters > 0) out["voters"] = record.proof.voters;
  if (record.proof.owner) out["own_word"] = json_of(*record.proof.owner);
  put(out, "heard", record.proof.heard);
  put(out, "named", record.proof.named);
  put(out, "contested", record.proof.contested);
  if (auto steps = json_of(record.steps); !steps.empty()) out["steps"] = std::move(steps);
  return out;
}

}  // namespace

json to_json(const std::vector<ClaimRecord>& claims) {
  json out = json::array();
  for (const auto& claim : claims) {
    if (out.size() == claims_at_most) {
      out.push_back({{"left_out", claims.size() - claims_at_most}});
      break;
    }
    out.push_back(json_of(claim));
  }
  return out;
}

json to_json(const Record& record) {
  json out = {{"what", record.event}};
  put(out, "detail", record.detail);
  put(out, "shard", record.shard.value);
  put(out, "after_us", record.after);
  if (record.sign) {
    put(out, "sign", record.sign->what);
    put(out, "node", record.sign->node.value);
    if (!record.sign->endpoint.host.empty()) out["endpoint"] = record.sign->endpoint.text();
  }
  if (!record.claims.empty()) out["evidence"] = to_json(record.claims);
  return out;
}

}  // namespace dbha
