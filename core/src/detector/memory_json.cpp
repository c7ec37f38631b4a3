#include "detector/memory_json.hpp"

#include <nlohmann/json.hpp>

#include <dbha/error.hpp>

#include "topology/json.hpp"

namespace dbha {
namespace {

using nlohmann::json;

PartitionSet ranges(const json& j) {
  PartitionSet out;
  for (const auto& range : j) out.set(range_from_json(range), {});
  return out;
}

json to_json(PartitionRange range, const PendingReshard& pending) {
  json out = {{"partitions", {range.first.value, range.last.value}},
              {"from", pending.from.value},
              {"run_id", pending.run_id.value},
              {"replid", pending.replid.value},
              {"to", pending.to.value},
              {"next_epoch", pending.next_epoch},
              {"held", pending.held.value}};
  if (pending.taker) out["taker"] = pending.taker->value;
  return out;
}

PendingReshard pending_from_json(const json& j) {
  PendingReshard out{{j.at("from").get<std::string>()},
                     {j.at("run_id").get<std::string>()},
                     {j.at("replid").get<std::string>()},
                     {j.at("to").get<std::string>()},
                     {},
                     j.at("next_epoch").get<bool>(),
                     {j.value("held", std::uint64_t{0})},
                     {}};
  if (j.contains("taker")) out.taker = ReplId{j.at("taker").get<std::string>()};
  return out;
}

MarkMemory read(const json& j) {
  MarkMemory out;
  for (const auto& [id, epoch] : j.at("replid_epoch").items())
    out.replid_epoch[{id}] = {number_from_json<std::uint64_t>(epoch)};
  for (const auto& [id, ms] : j.at("healthy").items()) out.healthy_ms[{id}] = ms.get<std::int64_t>();
  for (const auto& entry : j.at("pending"))
    out.pending.set(range_from_json(entry.at("partitions")), pending_from_json(entry));
  for (const auto& [id, claimed] : j.at("vain").items()) out.witness.vain[{id}] = ranges(claimed);
  for (const auto& [id, epoch] : j.at("heard").items())
    out.witness.heard[{id}] = {number_from_json<std::uint64_t>(epoch)};
  return out;
}

}  // namespace

json to_json(const MarkMemory& memory) {
  json out = {{"replid_epoch", json::object()},
              {"healthy", json::object()},
              {"pending", json::array()},
              {"vain", json::object()},
              {"heard", json::object()}};
  for (const auto& [id, epoch] : memory.replid_epoch) out["replid_epoch"][id.value] = epoch.value;
  for (const auto& [id, ms] : memory.healthy_ms) out["healthy"][id.value] = ms;
  for (const auto& [range, pending] : memory.pending) out["pending"].push_back(to_json(range, pending));
  for (const auto& [id, claimed] : memory.witness.vain) out["vain"][id.value] = dbha::to_json(claimed);
  for (const auto& [id, epoch] : memory.witness.heard) out["heard"][id.value] = epoch.value;
  return out;
}

MarkMemory mark_memory_from_json(const json& j) {
  try {
    return read(j);
  } catch (const json::exception& e) {
    throw Error(std::string("the detector's memory cannot be read: ") + e.what());
  }
}

}  // namespace dbha
