#include "config/bus_sections.hpp"

#include <algorithm>
#include <set>

#include "config/endpoint.hpp"
#include "config/place.hpp"
#include "config/section.hpp"
#include "config/units.hpp"

namespace dbha {
namespace {

void check_endpoint(const OptionTable& options, std::string_view name, EndpointUse use) {
  const std::string endpoint = options.text(name);
  if (valid_endpoint(endpoint, use)) return;
  throw ConfigError(options.where(name) + ": expected " + expected_endpoint(use) + ", found " +
                    found(name, Tree{endpoint, {}}));
}

BusEndpoints read_endpoints(const OptionTable& options, EndpointUse use) {
  check_endpoint(options, "publish", use);
  check_endpoint(options, "control", use);
  BusEndpoints endpoints{options.text("publish"), options.text("control")};
  if (endpoints.publish == endpoints.control)
    throw ConfigError(options.where("control") + ": expected another endpoint than publish, found the same one, " +
                      endpoints.control);
  return endpoints;
}

/// A list of {publish, control}. One detector twice would count as two that agree.
std::vector<BusEndpoints> read_endpoint_list(const std::filesystem::path& file, const std::string& key,
                                             const Tree& list) {
  static constexpr char shape[] = "expected a list of { publish = \"tcp://...\", control = \"tcp://...\" }, found ";
  if (!list.array()) throw ConfigError(place(file, list.at) + key + ": " + shape + found(key, list));
  std::vector<BusEndpoints> all;
  std::set<std::string> seen;
  for (const Tree& element : *list.array()) {
    if (!element.table()) throw ConfigError(place(file, element.at) + key + ": " + shape + found(key, element));
    const OptionTable options(file, key, element, bus_endpoint_keys());
    all.push_back(read_endpoints(options, EndpointUse::connect));
    for (const char* name : {"publish", "control"}) {
      if (seen.insert(options.text(name)).second) continue;
      throw ConfigError(options.where(name) + ": expected each endpoint once, found " + options.text(name) + " again");
    }
  }
  return all;
}

std::vector<BusEndpoints> read_detectors(const std::filesystem::path& file, const Tree& controller) {
  const Tree::Entry* detectors = controller.find("detectors");
  if (!detectors)
    throw ConfigError(place(file, controller.at) +
                      "controller.detectors: expected at least one detector, found nothing: this key is required");
  auto all = read_endpoint_list(file, "controller.detectors", detectors->value);
  if (all.empty())
    throw ConfigError(place(file, detectors->value.at) +
                      "controller.detectors: expected at least one detector, found an empty list");
  return all;
}

Signals read_signals(const Section& section) {
  std::vector<std::string> words;
  for (const auto signal : all_signals) words.emplace_back(text_of(signal));
  std::vector<std::string> given = words;
  section.read("signals", given);
  Signals out;
  for (const auto& word : given) section.require_word("signals", word, words);
  for (const auto signal : all_signals)
    out.set(signal, std::find(given.begin(), given.end(), text_of(signal)) != given.end());
  return out;
}

}  // namespace

DetectorConfig read_detector(const std::filesystem::path& file, const Tree& table) {
  const Section section(file, section_keys("detector"), table);
  DetectorConfig config;
  config.bind = read_endpoints(section.options(), EndpointUse::bind);
  section.read("period", config.period);
  section.read("probe_timeout", config.probe_timeout);
  section.read("probe_budget", config.probe_budget);
  section.read_size("probe_bytes", config.probe_bytes);
  section.read("tilt_after", config.tilt_after);
  section.read("listen", config.listen);
  section.read("reset_after", config.reset_after);
  section.read("suspect_for", config.suspect_for);
  section.read("resync_spacing", config.resync_spacing);
  config.signals = read_signals(section);
  // Otherwise a round would begin while the one before may still be answered.
  section.require_order("probe_timeout", config.probe_timeout, "period", config.period);
  // A hint must be believed for at least one round, or it changes nothing.
  section.require_order("period", config.period, "suspect_for", config.suspect_for);
  if (const Tree::Entry* peers = table.find("peers"))
    config.peers = read_endpoint_list(file, "detector.peers", peers->value);
  return config;
}

ControllerConfig read_controller(const std::filesystem::path& file, const Tree& table) {
  const Section section(file, section_keys("controller"), table);
  ControllerConfig config;
  config.detectors = read_detectors(file, table);
  const auto on_loss = section.read_word("on_detector_loss", {"keep", "self_detect"}, 0);
  config.on_detector_loss = static_cast<OnDetectorLoss>(on_loss);
  section.read("self_detect_after", config.self_detect_after);
  section.read("self_detect_budget", config.self_detect_budget);
  section.read("hold_down", config.hold_down);
  section.read("apply_timeout", config.apply_timeout);
  section.read("call_deadline", config.call_deadline);
  section.read("probe_timeout", config.probe_timeout);
  section.read("max_redirects", config.max_redirects);
  section.read("queue_calls", config.queue_calls);
  section.read_size("queue_bytes", config.queue_bytes);
  section.read("handler_slow", config.handler_slow);
  // A call must be able to outlive the apply that it waits for, and an apply the answer that it waits for.
  section.require_order("apply_timeout", config.apply_timeout, "call_deadline", config.call_deadline);
  section.require_order("probe_timeout", config.probe_timeout, "apply_timeout", config.apply_timeout);
  return config;
}

}  // namespace dbha
