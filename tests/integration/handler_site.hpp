#pragma once
/// A northbound process with handlers, and what they have written down.

#include <nlohmann/json.hpp>

#include "lab/redis_cluster.hpp"
#include "lab/wait.hpp"
#include "program.hpp"
#include "support/catch.hpp"

namespace dbha::test {

/// What the process says of one handler; null if it knows none of that name.
inline nlohmann::json handler_in(const nlohmann::json& status, const std::string& name) {
  if (status.is_null()) return nullptr;
  for (const auto& handler : status.at("controller").at("handlers"))
    if (handler.at("name") == name) return handler;
  return nullptr;
}

/// A real cluster and one process, detector and controller.
struct HandlerSite {
  lab::RedisCluster cluster{with_users()};  // primaries 0 1 2, their replicas 3 4 5
  Site site{cluster};
  std::unique_ptr<DbhaProcess> process;

  /// `sections`: of the file, behind [controller].
  void start(const std::string& sections, const std::string& controller_lines = {}) {
    ProcessFile file = northbound_file();
    file.controller_lines = controller_lines + sections;
    site.write(file);
    start_again();
  }
  void start_again() {
    process.reset();
    process = std::make_unique<DbhaProcess>(site, "nb");
  }

  /// A section [[consistency]] whose command is a shell script.
  static std::string exec(const std::string& name, const std::string& script, const std::string& more = {}) {
    return "[[consistency]]\nplugin = \"exec\"\nname = \"" + name + "\"\ncommand = [\"sh\", \"-c\", '''" + script +
           "''']\n" + more + '\n';
  }
  std::string file(const std::string& name) const { return site.path(name).string(); }

  /// The events in a file, one on each line.
  std::vector<nlohmann::json> events_in(const std::string& name) const {
    std::vector<nlohmann::json> out;
    std::istringstream lines(contents(site.path(name)));
    for (std::string line; std::getline(lines, line);)
      if (!lines.eof()) out.push_back(nlohmann::json::parse(line));
    return out;
  }
  nlohmann::json handler(const std::string& name) const { return handler_in(process->status(), name); }

  template <class Condition>
  void wait_for(const std::string& what, Condition condition) const {
    const bool came = lab::wait_until(patience, condition, std::chrono::milliseconds(20));
    INFO("waited for " << what << "; the process says " << process->status().dump(1) << "\nits log:\n"
                       << process->log());
    REQUIRE(came);
  }
  void wait_for_events(const std::string& name, std::size_t count) const {
    wait_for(std::to_string(count) + " events in " + name, [&] { return events_in(name).size() >= count; });
  }
};

}  // namespace dbha::test
