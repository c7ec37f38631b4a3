#pragma once
/// What the admin endpoint answers: {"request": "status"}, {"request": "topology"}, {"request": "reset"},
/// {"request": "resync"}, and {"request": "watch"}, after which lines follow; anything else gets {"error": "..."}.

#include <functional>
#include <string>
#include <string_view>

#include <dbha_bus/admin.hpp>
#include <nlohmann/json.hpp>

#include "config/config.hpp"

namespace dbha {

class ControllerRole;
class DetectorRole;

struct AdminFacts {
  const Config& config;
  DetectorRole* detector;      ///< nullptr: not played
  ControllerRole* controller;  ///< nullptr: not played
  nlohmann::json consistency;  ///< of each handler of the configuration: its trouble and its progress
  std::uint64_t history_lost;  ///< entries that could not be written in time
};

/// What a watcher may hear, as bits for bus::AdminServer.
enum WatchStream : std::uint32_t { watch_news = 1, watch_beats = 2 };

/// Of a line about an entry of a history.
std::uint32_t stream_of(const nlohmann::json& entry);

/// Loop thread. Never throws.
bus::AdminAnswer answer_admin_request(std::string_view request, const std::function<AdminFacts()>& facts);

/// "problems" is empty if all is well; its first line is what an operator should read first.
nlohmann::json status_json(const AdminFacts& facts);
nlohmann::json topology_json(const AdminFacts& facts);
/// R5 by hand: what the detector did, or why it refused.
nlohmann::json reset_json(const AdminFacts& facts);
/// A dbrestart by hand: for which handlers it is stored, or why it is not.
nlohmann::json resync_json(const AdminFacts& facts, const nlohmann::json& request);
/// The status without the histories: where a watcher begins.
nlohmann::json state_json(const AdminFacts& facts);

}  // namespace dbha
