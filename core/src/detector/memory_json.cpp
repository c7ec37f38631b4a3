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
              {"direct", pending.direct},
              {"ceded", pending.ceded},
              {"held", pending.held.value}};
  if (pending.taker) out["taker"] = {{"run_id", pending.taker->run_id.value}};
  if (pending.taker && pending.taker->replid) out["taker"]["replid"] = pending.taker->replid->value;
  return out;
}

/// A version before wrote the stream alone.
AwaitedTaker taker_from_json(const json& j) {
  if (j.is_string()) return {{}, ReplId{j.get<std::string>()}};
  AwaitedTaker out{{j.at("run_id").get<std::string>()}};
  if (j.contains("replid")) out.replid = ReplId{j.at("replid").get<std::string>()};
  return out;
}

PendingReshard pending_from_json(const json& j) {
  PendingReshard out{.from = {j.at("from").get<std::string>()},
                     .run_id = {j.at("run_id").get<std::string>()},
                     .replid = {j.at("replid").get<std::string>()},
                     .to = {j.at("to").get<std::string>()},
                     .taker = {},
                     .direct = j.value("direct", false),
                     .ceded = j.value("ceded", false),
                     .held = {j.value("held", std::uint64_t{0})},
                     .since = {}};
  if (j.contains("taker")) out.taker = taker_from_json(j.at("taker"));
  return out;
}

json to_json(const PrimaryStream& stream) {
  return {
      {"run_id", stream.run_id.value}, {"replid", stream.replid.value}, {"at_first", dbha::to_json(stream.at_first)}};
}

PrimaryStream stream_from_json(const json& j) {
  return {{j.at("run_id").get<std::string>()}, {j.at("replid").get<std::string>()}, ranges(j.at("at_first"))};
}

json to_json(PartitionRange range, const Cession& said) {
  return {{"partitions", {range.first.value, range.last.value}}, {"from", said.from.value}, {"to", said.to.value}};
}

/// What an older version did not write is not known.
ReshardWitness witness_from_json(const json& j) {
  ReshardWitness out;
  for (const auto& [id, claimed] : j.at("vain").items()) out.vain[{id}] = ranges(claimed);
  for (const auto& [id, epoch] : j.at("heard").items()) out.heard[{id}] = {number_from_json<std::uint64_t>(epoch)};
  const json streams = j.value("streams", json::object());
  for (const auto& [id, stream] : streams.items()) out.streams[{id}] = stream_from_json(stream);
  for (const auto& said : j.value("ceded", json::array()))
    out.ceded.set(range_from_json(said.at("partitions")),
                  {{said.at("from").get<std::string>()}, {said.at("to").get<std::string>()}});
  for (const auto& entry : j.value("given", json::array()))
    out.given.set(range_from_json(entry.at("partitions")), {entry.at("by").get<std::string>()});
  return out;
}

MarkMemory read(const json& j) {
  MarkMemory out;
  for (const auto& [id, epoch] : j.at("replid_epoch").items())
    out.replid_epoch[{id}] = {number_from_json<std::uint64_t>(epoch)};
  for (const auto& [id, ms] : j.at("healthy").items()) out.healthy_ms[{id}] = ms.get<std::int64_t>();
  for (const auto& entry : j.at("pending"))
    out.pending.set(range_from_json(entry.at("partitions")), pending_from_json(entry));
  out.witness = witness_from_json(j);
  return out;
}

}  // namespace

json to_json(const MarkMemory& memory) {
  json out = {{"replid_epoch", json::object()}, {"healthy", json::object()}, {"pending", json::array()},
              {"vain", json::object()},         {"heard", json::object()},   {"streams", json::object()},
              {"ceded", json::array()},         {"given", json::array()}};
  for (const auto& [id, epoch] : memory.replid_epoch) out["replid_epoch"][id.value] = epoch.value;
  for (const auto& [id, ms] : memory.healthy_ms) out["healthy"][id.value] = ms;
  for (const auto& [range, pending] : memory.pending) out["pending"].push_back(to_json(range, pending));
  for (const auto& [id, claimed] : memory.witness.vain) out["vain"][id.value] = dbha::to_json(claimed);
  for (const auto& [id, epoch] : memory.witness.heard) out["heard"][id.value] = epoch.value;
  for (const auto& [id, stream] : memory.witness.streams) out["streams"][id.value] = to_json(stream);
  for (const auto& [range, said] : memory.witness.ceded) out["ceded"].push_back(to_json(range, said));
  for (const auto& [range, by] : memory.witness.given)
    out["given"].push_back({{"partitions", {range.first.value, range.last.value}}, {"by", by.value}});
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
