#pragma once
/// What the admin endpoint answers: {"request": "status"}, {"request": "topology"}, {"request": "reset"},
/// {"request": "resync"}, {"request": "verify"} with verify_state and verify_stop, and {"request": "watch"}, after
/// which lines follow; anything else gets {"error": "..."}.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dbha_bus/admin.hpp>
#include <nlohmann/json.hpp>

#include <dbha/consistency.hpp>

#include "config/config.hpp"

namespace dbha {

class ControllerRole;
class DetectorRole;
class Verifications;

struct AdminFacts {
  const Config& config;
  DetectorRole* detector;                                    ///< nullptr: not played
  ControllerRole* controller;                                ///< nullptr: not played
  std::vector<std::pair<std::string, Verifier*>> verifiers;  ///< of the handlers of the configuration that have one
  Verifications* verifications;                              ///< nullptr: no controller
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
/// A comparison of the handlers' entries with the database is begun: {"verify": ID}, or why it is not: {"verify": null,
/// "reason", "usage": whether it was asked for wrongly}.
nlohmann::json verify_json(const AdminFacts& facts, const nlohmann::json& request);
/// How far that one is, or what it has found; with `stop` it is to end.
nlohmann::json verify_state_json(const AdminFacts& facts, const nlohmann::json& request, bool stop);
/// The status without the histories: where a watcher begins.
nlohmann::json state_json(const AdminFacts& facts);

}  // namespace dbha
