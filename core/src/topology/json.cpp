#include "topology/json.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include <dbha/error.hpp>
#include <dbha/event_json.hpp>

namespace dbha {
namespace {

using nlohmann::json;

template <class T, class Convert>
json map_to_json(const PartitionMap<T>& map, Convert convert) {
  json out = json::array();
  for (const auto& [range, value] : map) {
    json entry = convert(value);
    entry["partitions"] = {range.first.value, range.last.value};
    out.push_back(std::move(entry));
  }
  return out;
}

template <class Enum>
Enum from_text(const json& j, Enum last) {
  const auto text = j.get<std::string>();
  for (int i = 0; i <= static_cast<int>(last); ++i)
    if (text == text_of(static_cast<Enum>(i))) return static_cast<Enum>(i);
  throw Error("'" + text + "' is not known");
}

json to_json(const Node& node) {
  json predecessors = json::array();
  for (const auto& run_id : node.predecessors) predecessors.push_back(run_id.value);
  return {{"id", node.id.value},          {"host", node.endpoint.host},    {"port", node.endpoint.port},
          {"role", text_of(node.role)},   {"primary", node.primary.value}, {"run_id", node.run_id.value},
          {"predecessors", predecessors}, {"replid", node.replid.value}};
}

Node node_from_json(const json& j) {
  Node node;
  node.id.value = j.at("id").get<std::string>();
  node.endpoint = {j.at("host").get<std::string>(), number_from_json<std::uint16_t>(j.at("port"))};
  node.role = from_text(j.at("role"), Role::replica);
  node.primary.value = j.at("primary").get<std::string>();
  node.run_id.value = j.at("run_id").get<std::string>();
  for (const auto& run_id : j.at("predecessors")) node.predecessors.push_back({run_id.get<std::string>()});
  node.replid.value = j.at("replid").get<std::string>();
  return node;
}

json to_json(const Mark& mark) {
  return {{"epoch", mark.epoch.value},
          {"count", mark.count},
          {"owner", mark.owner.value},
          {"replid", mark.replid.value},
          {"cause", text_of(mark.cause)},
          {"old_owner", mark.old_owner.value},
          {"last_healthy", mark.last_healthy_ms},
          {"loss", text_of(mark.loss)},
          {"old_offset", mark.old_offset},
          {"new_offset", mark.new_offset}};
}

Mark mark_from_json(const json& j) {
  Mark mark;
  mark.epoch.value = number_from_json<std::uint64_t>(j.at("epoch"));
  mark.count = number_from_json<std::uint32_t>(j.at("count"));
  mark.owner.value = j.at("owner").get<std::string>();
  mark.replid.value = j.at("replid").get<std::string>();
  mark.cause = from_text(j.at("cause"), Cause::manual);
  mark.old_owner.value = j.at("old_owner").get<std::string>();
  mark.last_healthy_ms = j.at("last_healthy").get<std::int64_t>();
  mark.loss = from_text(j.at("loss"), Loss::possible);
  mark.old_offset = j.at("old_offset").get<std::int64_t>();
  mark.new_offset = j.at("new_offset").get<std::int64_t>();
  return mark;
}

/// nlohmann's exceptions name no place in our data: they become ours.
template <class Read>
auto checked(const char* what, Read read) {
  try {
    return read();
  } catch (const json::exception& e) {
    throw Error(std::string(what) + " cannot be read: " + e.what());
  }
}

}  // namespace

template <class Number>
Number number_from_json(const json& j) {
  const bool natural = j.is_number_unsigned() || (j.is_number_integer() && j.get<std::int64_t>() >= 0);
  if (natural && j.get<std::uint64_t>() <= std::numeric_limits<Number>::max()) return j.get<Number>();
  throw Error(j.dump() + " is no number from 0 to " + std::to_string(std::numeric_limits<Number>::max()));
}
template std::uint16_t number_from_json(const json& j);
template std::uint32_t number_from_json(const json& j);
template std::uint64_t number_from_json(const json& j);

PartitionRange range_from_json(const json& j) {
  const PartitionRange range{{number_from_json<std::uint32_t>(j.at(0))}, {number_from_json<std::uint32_t>(j.at(1))}};
  if (range.last < range.first) throw Error("partitions " + j.dump() + " are no range");
  return range;
}

json to_json(const PartitionSet& set) {
  json out = json::array();
  for (const auto& entry : set) out.push_back({entry.range.first.value, entry.range.last.value});
  return out;
}

json to_json(const PartitionMap<Mark>& marks) {
  return map_to_json(marks, [](const Mark& mark) { return to_json(mark); });
}

PartitionMap<Mark> marks_from_json(const json& j) {
  return checked("a list of marks", [&] {
    PartitionMap<Mark> out;
    for (const auto& entry : j) out.set(range_from_json(entry.at("partitions")), mark_from_json(entry));
    return out;
  });
}

json to_json(const Topology& topology) {
  json nodes = json::array();
  for (const auto& node : topology.nodes) nodes.push_back(to_json(node));
  return {{"generation", topology.generation},
          {"partitions", topology.partitions},
          {"nodes", std::move(nodes)},
          {"claims",
           map_to_json(topology.claims,
                       [](const Claim& claim) -> json {
                         return {{"epoch", claim.epoch.value}, {"turn", claim.turn}, {"owner", claim.owner.value}};
                       })},
          {"marks", to_json(topology.marks)}};
}

Topology topology_from_json(const json& j) {
  return checked("a topology", [&] {
    Topology out;
    out.generation = number_from_json<std::uint64_t>(j.at("generation"));
    out.partitions = number_from_json<std::uint32_t>(j.at("partitions"));
    for (const auto& node : j.at("nodes")) out.nodes.push_back(node_from_json(node));
    std::sort(out.nodes.begin(), out.nodes.end(), [](const Node& a, const Node& b) { return a.id < b.id; });
    for (const auto& entry : j.at("claims")) {
      out.claims.set(range_from_json(entry.at("partitions")), {{number_from_json<std::uint64_t>(entry.at("epoch"))},
                                                               number_from_json<std::uint32_t>(entry.at("turn")),
                                                               {entry.at("owner").get<std::string>()}});
    }
    out.marks = marks_from_json(j.at("marks"));
    return out;
  });
}

json to_json(const Event& event) {
  return json::parse(json_of(event));
}

DbRestart dbrestart_from_json(const json& j) {
  return checked("an event", [&] {
    DbRestart out;
    out.id = j.at("id").get<std::string>();
    out.cluster = j.at("cluster").get<std::string>();
    out.cause = from_text(j.at("cause"), Cause::manual);
    for (const auto& range : j.at("partitions")) out.partitions.set(range_from_json(range), {});
    out.old_primary.value = j.at("old_primary").get<std::string>();
    out.new_primary.value = j.at("new_primary").get<std::string>();
    out.epoch.value = number_from_json<std::uint64_t>(j.at("epoch"));
    out.last_healthy_ms = j.at("last_healthy").get<std::int64_t>();
    out.loss = from_text(j.at("loss"), Loss::possible);
    out.partial = j.at("partial").get<bool>();
    return out;
  });
}

}  // namespace dbha
