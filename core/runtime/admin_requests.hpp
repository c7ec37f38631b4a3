#pragma once
/// What the admin endpoint answers: {"request": "status"} and {"request": "topology"}; anything else gets {"error":
/// "..."}.

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "config/config.hpp"

namespace dbha {

class ControllerRole;
class DetectorRole;

struct AdminFacts {
  const Config& config;
  const DetectorRole* detector;      ///< nullptr: not played
  const ControllerRole* controller;  ///< nullptr: not played
};

/// Loop thread. Never throws.
std::string answer_admin_request(std::string_view request, const std::function<AdminFacts()>& facts);

/// "problems" is empty if all is well; its first line is what an operator should read first.
nlohmann::json status_json(const AdminFacts& facts);
nlohmann::json topology_json(const AdminFacts& facts);

}  // namespace dbha
