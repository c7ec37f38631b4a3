#pragma once
/// The public Controller, for who has a configuration in hand rather than a file, and wants to say why it waits.

#include <memory>

#include <nlohmann/json_fwd.hpp>

#include <dbha/controller.hpp>

#include "config/config.hpp"

namespace dbha {

class ObservedController : public Controller {
 public:
  /// What `dbha status --json` would say of this process. Any thread.
  virtual nlohmann::json status() const = 0;
};

/// As Controller::open().
std::unique_ptr<ObservedController> open_controller(Config config);

}  // namespace dbha
