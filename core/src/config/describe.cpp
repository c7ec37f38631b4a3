// What a configuration comes to, for `dbha check`.
#include "config/config.hpp"
#include "config/units.hpp"
#include "config/words.hpp"
#include "log/log_level.hpp"

namespace dbha {
namespace {

std::string log_line(const LogConfig& log) {
  return "log level " + std::string(text_of(log.level)) + " to " +
         (log.file.empty() ? "standard error" : log.file.string());
}

std::string detector_line(const DetectorConfig& detector) {
  std::vector<std::string> peers;
  for (const BusEndpoints& peer : detector.peers) peers.push_back(peer.publish);
  return "detector publishing on " + detector.bind.publish + ", answering hellos on " + detector.bind.control +
         ", asking each " + text_of_duration(detector.period) + " within " + std::to_string(detector.probe_budget) +
         " commands and " + text_of_size(detector.probe_bytes) + " a second" +
         (peers.empty() ? "" : ", one of several beside " + joined(peers));
}

std::string controller_line(const ControllerConfig& controller) {
  std::vector<std::string> detectors;
  for (const BusEndpoints& detector : controller.detectors)
    detectors.push_back(detector.publish + " (hellos to " + detector.control + ")");
  return "controller listening to " + joined(detectors) + ", calls end within " +
         text_of_duration(controller.call_deadline) + "; without a detector it " +
         (controller.on_detector_loss == OnDetectorLoss::keep
              ? "keeps its last topology"
              : "looks at the database itself after " + text_of_duration(controller.self_detect_after) +
                    ", its whole fleet within " + std::to_string(controller.self_detect_budget) + " commands a second");
}

}  // namespace

std::vector<std::string> describe(const Config& config) {
  std::vector<std::string> lines;
  lines.push_back("process " + config.name + " of cluster " + config.cluster + ", state in " +
                  config.state_dir.string());
  lines.push_back(log_line(config.log));
  lines.push_back(config.admin_endpoint.empty() ? "no admin endpoint" : "admin endpoint " + config.admin_endpoint);
  if (!config.events_endpoint.empty()) lines.push_back("event socket " + config.events_endpoint);
  lines.push_back("backend " + config.backend.plugin);
  if (config.detector) lines.push_back(detector_line(*config.detector));
  if (config.controller) lines.push_back(controller_line(*config.controller));
  for (const ConsistencyConfig& handler : config.consistency)
    lines.push_back("consistency handler " + handler.name + " (plugin " + handler.plugin.plugin + ") told of " +
                    joined(handler.events));
  return lines;
}

}  // namespace dbha
