// conf/ is documentation that is executed: it is accepted, it is complete, and the defaults it names are the defaults.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/section_keys.hpp"
#include "support/catch.hpp"

using namespace dbha;

namespace {

const std::filesystem::path conf = DBHA_CONF_DIR;

std::string content_of(const char* name) {
  std::ifstream in(conf / name);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// One line of a file: `key = value  # help`, also behind a '#' of its own.
struct Setting {
  std::string section;
  std::string key;
  std::string value;
  std::string help;
};

std::string_view trimmed(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string without_quotes(std::string text) {
  std::erase(text, '"');
  return text;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

std::vector<Setting> settings_of(const char* file) {
  std::vector<Setting> settings;
  std::istringstream lines(content_of(file));
  std::string section;
  for (std::string text; std::getline(lines, text);) {
    std::string_view line = text;
    if (line.starts_with("# ")) line.remove_prefix(2);
    if (line.starts_with('[')) section = line.substr(line.find_first_not_of('['), line.find(']') - line.rfind('[') - 1);
    const std::size_t equals = line.find(" = ");
    if (equals == std::string_view::npos || !is_word(line.substr(0, equals))) continue;
    const std::size_t help = line.find(" # ", equals);
    REQUIRE(help != std::string_view::npos);
    settings.push_back({section, std::string(line.substr(0, equals)),
                        std::string(trimmed(line.substr(equals + 3, help - equals - 3))),
                        std::string(line.substr(help + 3))});
  }
  return settings;
}

bool explains(const std::vector<Setting>& settings, const std::string& section, const std::string& key) {
  return std::any_of(settings.begin(), settings.end(), [&](const Setting& setting) {
    return setting.section == section && setting.key == key && !setting.help.empty();
  });
}

std::vector<std::string> all_keys(const SectionKeys& section) {
  std::vector<std::string> keys;
  for (const OptionSpec& spec : section.keys) keys.emplace_back(spec.name);
  if (!section.section.empty()) keys.insert(keys.end(), section.other_keys.begin(), section.other_keys.end());
  return keys;
}

}  // namespace

TEST_CASE("conf/nb.toml is accepted and plays both roles") {
  const Config config = load_config(conf / "nb.toml");
  CHECK(config.detector.has_value());
  CHECK(config.controller.has_value());
  CHECK(config.detector->bind == BusEndpoints{"tcp://*:5570", "tcp://*:5571"});
}

TEST_CASE("conf/sb.toml is accepted, is a controller and listens to the detector of nb.toml") {
  const Config config = load_config(conf / "sb.toml");
  CHECK_FALSE(config.detector.has_value());
  REQUIRE(config.controller.has_value());
  CHECK(config.controller->detectors == load_config(conf / "nb.toml").controller->detectors);
  CHECK(config.state_dir != load_config(conf / "nb.toml").state_dir);
}

TEST_CASE("conf/ explains every key that is known, in the file of each role") {
  const std::vector<Setting> nb = settings_of("nb.toml");
  const std::vector<Setting> sb = settings_of("sb.toml");
  for (const SectionKeys& section : section_keys()) {
    for (const std::string& key : all_keys(section)) {
      INFO("[" << section.section << "] " << key);
      CHECK(explains(nb, section.section, key));
      CHECK((section.section == "detector" || explains(sb, section.section, key)));
    }
  }
}

TEST_CASE("the values in conf/ are the defaults, as its explanations say") {
  const Config config = load_config(conf / "nb.toml");
  const DetectorConfig detector;
  CHECK(config.detector->period == detector.period);
  CHECK(config.detector->probe_timeout == detector.probe_timeout);
  CHECK(config.detector->probe_budget == detector.probe_budget);
  CHECK(config.detector->probe_bytes == detector.probe_bytes);
  CHECK(config.detector->tilt_after == detector.tilt_after);
  CHECK(config.detector->listen == detector.listen);
  CHECK(config.detector->reset_after == detector.reset_after);
  CHECK(config.detector->suspect_for == detector.suspect_for);
  const ControllerConfig controller;
  CHECK(config.controller->on_detector_loss == controller.on_detector_loss);
  CHECK(config.controller->self_detect_after == controller.self_detect_after);
  CHECK(config.controller->self_detect_budget == controller.self_detect_budget);
  CHECK(config.controller->hold_down == controller.hold_down);
  CHECK(config.controller->apply_timeout == controller.apply_timeout);
  CHECK(config.controller->call_deadline == controller.call_deadline);
  CHECK(config.controller->probe_timeout == controller.probe_timeout);
  CHECK(config.controller->max_redirects == controller.max_redirects);
  CHECK(config.controller->queue_calls == controller.queue_calls);
  CHECK(config.controller->queue_bytes == controller.queue_bytes);
  CHECK(config.controller->handler_slow == controller.handler_slow);
  CHECK(config.state_dir == Config().state_dir);
  CHECK(config.log.level == LogConfig().level);
  CHECK(config.log.file == LogConfig().file);
}

TEST_CASE("the value and the default that a line of conf/ names are the same") {
  // These differ on purpose: two processes on one machine, and names that an example has to give.
  const auto example = [](const Setting& s) {
    return s.key == "endpoint" || s.key == "state_dir" || s.key == "username" || s.key == "password_file" ||
           s.key.starts_with("tls_") || (s.section == "consistency" && s.key == "name");
  };
  constexpr std::string_view mark = "; default ";
  for (const char* file : {"nb.toml", "sb.toml"}) {
    for (const Setting& setting : settings_of(file)) {
      const std::size_t named = setting.help.find(mark);
      INFO(file << ": " << setting.key);
      CHECK((named != std::string::npos || setting.help.ends_with("; required")));
      if (named == std::string::npos || example(setting)) continue;
      const std::string given = without_quotes(setting.value);
      CHECK(without_quotes(setting.help.substr(named + mark.size())).substr(0, given.size()) == given);
    }
  }
}
