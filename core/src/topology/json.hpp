#pragma once
/// Topologies and events as JSON: for the state store, `--json`, and handlers in other languages. Reading checks
/// everything it uses.

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <dbha/events.hpp>
#include <dbha/topology.hpp>

namespace dbha {

nlohmann::json to_json(const Topology& topology);
/// Throws Error naming what is wrong.
Topology topology_from_json(const nlohmann::json& json);

nlohmann::json to_json(const PartitionMap<Mark>& marks);
PartitionMap<Mark> marks_from_json(const nlohmann::json& json);

/// json_of(event) of dbha/event_json.hpp, taken apart.
nlohmann::json to_json(const Event& event);
DbRestart dbrestart_from_json(const nlohmann::json& json);

/// [[a, b], ...]
nlohmann::json to_json(const PartitionSet& set);

/// [a, b]. Throws Error, or nlohmann's exception where it is no list of two.
PartitionRange range_from_json(const nlohmann::json& json);
/// A number that Number can hold: nlohmann's own get() cuts what does not fit. Throws Error. For std::uint16_t, _32_t
/// and _64_t.
template <class Number>
Number number_from_json(const nlohmann::json& json);

}  // namespace dbha
