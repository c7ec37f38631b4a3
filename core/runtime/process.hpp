#pragma once
/// A process of dbha: the roles that its configuration names, on one loop.

#include <filesystem>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "config/config.hpp"
#include "loop/epoll_loop.hpp"
#include "plugin_host/plugin_host.hpp"

namespace dbha {

class ControllerRole;
class DetectorRole;
class Mirror;

/// Loads the configured plugins and checks their options without starting anything; returns one line for each. Throws
/// ConfigError or PluginError.
std::vector<std::string> check_plugins(const Config& config);

class Process {
 public:
  /// Starts every role. Throws ConfigError, PluginError or StartError.
  explicit Process(Config config);
  /// Ends the roles, and with them every call. The loop must not be running.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Serves until stop(); the calling thread is the loop thread.
  void run();
  /// Any thread.
  void stop();
  /// The consistency handlers are to end what they do, because the process ends. Any thread.
  void stop_handlers();

  EpollLoop& loop();
  /// nullptr if the configuration has no [controller].
  ControllerRole* controller();
  /// As Controller::mirror().
  Mirror* mirror(const std::string& handler_name) const;
  /// The answer of `dbha status --json`. Loop thread.
  nlohmann::json status() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dbha
