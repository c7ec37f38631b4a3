#include "demo/demo.hpp"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "demo/faults.hpp"
#include "demo/interruption.hpp"
#include "demo/plan.hpp"
#include "demo/report.hpp"
#include "demo/screen.hpp"
#include "demo/stage.hpp"
#include "exit_status.hpp"
#include "lab/wait.hpp"

namespace dbha {
namespace {

using namespace demo;

int refuse(app::ExitStatus status, const std::string& what) {
  std::fprintf(stderr, "dbha demo: %s\n", what.c_str());
  return status;
}

/// After a fault that did not end well the later ones would only say so again.
void cause_faults(const std::vector<Step>& plan, Stage& stage, const Screen& screen, DemoReport& report) {
  const auto before = stage.writer().take_count();
  if (before.errors > 0) report.problems.push_back("calls failed before the first fault: " + before.first_error);
  for (const Step& step : plan) {
    report.faults.push_back(cause_fault(step, stage, screen));
    if (!report.faults.back().problems.empty()) break;
  }
  if (report.faults.size() < plan.size())
    report.problems.push_back(std::string(text_of(plan[report.faults.size()].fault)) + " was not tried any more");
  report.topology_commands = stage.questions().count(stage.fleet().southbound());
  if (report.topology_commands > 0)
    report.problems.push_back(
        "controllers asked the database for its topology: " + std::to_string(report.topology_commands) + " times");
}

DemoReport report_on(const std::vector<Step>& plan, Stage& stage, const DemoOptions& options, const Screen& screen) {
  DemoReport report;
  report.controllers = stage.fleet().controllers();
  report.database = stage.cluster().in_process() ? "the database" : "Redis";
  try {
    cause_faults(plan, stage, screen, report);
    if (!options.keep)
      for (auto& problem : stage.end()) report.problems.push_back(std::move(problem));
  } catch (const std::runtime_error& error) {
    report.problems.emplace_back(error.what());
  }
  return report;
}

void say_how_to_look(Stage& stage, const Screen& screen) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  screen.heading("\neverything runs on until Ctrl-C; look at it with");
  screen.line("  " + program + " status --connect " + stage.fleet().nb().endpoint);
  screen.line("  " + program + " status --connect " + stage.fleet().sb().endpoint);
  screen.line("  " + program + " topology --connect " + stage.fleet().sb().endpoint);
  for (const auto& way : stage.cluster().ways_to_look()) screen.line("  " + way);
  screen.line("files and logs: " + stage.fleet().nb().file.parent_path().string());
}

void tell(const DemoReport& report, const DemoOptions& options, const Screen& screen) {
  if (!options.json) print_tables(report, screen);
  print_verdict(report, screen);
  if (!report.ok() && !options.keep) screen.line("with --keep everything is left running, to look at it and its logs");
  if (!options.json) return;
  std::printf("%s\n", to_json(report).dump().c_str());
  std::fflush(stdout);
}

int play(const std::vector<Step>& plan, const DemoOptions& options, const Interruption& interruption) {
  const Screen screen(options.json);
  std::optional<Stage> stage;
  try {
    stage.emplace(options, screen);
  } catch (const std::runtime_error& error) {
    if (interruption.happened()) throw lab::Interrupted();  // a wait that ended early may look like a failure
    return refuse(app::not_reached, std::string("cannot be started: ") + error.what());
  }
  const DemoReport report = report_on(plan, *stage, options, screen);
  tell(report, options, screen);
  if (options.keep) {
    say_how_to_look(*stage, screen);
    interruption.wait();
  }
  return report.ok() ? app::done : app::not_well;
}

}  // namespace

int run_demo(const DemoOptions& options) {
  try {
    const auto plan = plan_faults(options.faults, Stage::shards_count);
    const Interruption interruption;
    return play(plan, options, interruption);
  } catch (const UsageError& error) {
    return refuse(app::wrong_usage, error.what());
  } catch (const lab::Interrupted&) {
    return refuse(app::interrupted, "interrupted; everything it started is gone");
  }
}

}  // namespace dbha
