#include "shell/shell.hpp"

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "exit_status.hpp"
#include "lab/temp_dir.hpp"
#include "log/log_level.hpp"
#include "runtime/embedded_controller.hpp"
#include "shell/configuration.hpp"
#include "shell/no_topology.hpp"
#include "shell/session.hpp"

namespace dbha {
namespace {

using std::chrono::milliseconds;

constexpr Duration look_for_signals = milliseconds(20);
/// More under way would not make anything faster; and one command may become a call to every primary.
constexpr std::size_t most_calls = 10'000;

/// Standard error belongs to the shell: what is not asked for and no error would stand between prompts and replies.
void set_log(LogConfig& log, const std::optional<std::string>& level) {
  if (log.file.empty()) log.level = LogLevel::error;
  if (!level) return;
  const auto* name = std::find(std::begin(log_level_names), std::end(log_level_names), *level);
  log.level = static_cast<LogLevel>(name - std::begin(log_level_names));
}

Config configuration(const ShellOptions& options, const std::filesystem::path& folder) {
  Config config =
      options.config.empty() ? shell::of_seeds(options.seeds, folder) : shell::of_file(options.config, folder);
  set_log(config.log, options.log);
  return config;
}

shell::SessionSettings settings_of(const ShellOptions& options, const Config& config) {
  shell::SessionSettings out;
  out.place = options.seeds.empty() ? config.cluster : options.seeds.front();
  out.interactive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  out.form = isatty(STDOUT_FILENO) == 1 ? shell::Form::human : shell::Form::raw;
  if (options.deadline_ms) out.deadline = milliseconds(*options.deadline_ms);
  out.most_calls = std::min(most_calls, config.controller->queue_calls);
  out.most_bytes = config.controller->queue_bytes;
  return out;
}

/// Nothing if the shell may begin, else the exit status.
std::optional<int> wait_for_topology(ObservedController& controller, shell::Wakeups& wakeups, Duration timeout) {
  const TimePoint until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const TimePoint now = std::chrono::steady_clock::now();
    if (controller.wait_ready(std::clamp(until - now, Duration(0), look_for_signals))) return std::nullopt;
    const auto woken = wakeups.wait(false, now);
    if (woken.interrupt || woken.end) return app::interrupted;
    if (now >= until) break;
  }
  std::fprintf(stderr, "dbha: no topology within %lld ms: %s\n",
               static_cast<long long>(std::chrono::duration_cast<milliseconds>(timeout).count()),
               shell::why_no_topology(controller.status()).c_str());
  return app::not_reached;
}

}  // namespace

/// In the order of life: signals are blocked before any thread starts, and what the controller's thread uses ends after
/// it.
int run_shell(const ShellOptions& options) {
  shell::Wakeups wakeups;
  const lab::TempDir folder("dbha-shell");
  const Config config = configuration(options, folder.path());
  shell::Replies replies([&wakeups] { wakeups.news(); });
  const auto controller = open_controller(config);
  if (const auto status = wait_for_topology(*controller, wakeups, milliseconds(options.timeout_ms))) return *status;
  return shell::Session(*controller, replies, wakeups, settings_of(options, config)).run();
}

}  // namespace dbha
