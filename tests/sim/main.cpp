#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "report.hpp"

namespace {

using namespace dbha::sim;

enum ExitStatus : int { passed = 0, found = 1, wrong_usage = 2 };

struct Arguments {
  BatchOptions batch;
  std::vector<std::string> groups = {"main"};
  std::optional<std::uint64_t> replay;
  Simplification simplification;
  std::string shrink_kind;
  bool verbose = false;
  bool shrink = true;
  bool json = false;
};

dbha::Duration since(std::chrono::steady_clock::time_point began) {
  return std::chrono::steady_clock::now() - began;
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

void print_shrunk(const Arguments& arguments, std::uint64_t seed, const std::string& kind) {
  const Schedule schedule = schedule_of(seed, arguments.batch.schedule);
  const Shrunk shrunk = shrink(schedule, kind);
  print("\nseed " + std::to_string(seed) + ", " + kind + ", shrunk; again with: dbha_sim " +
        replay_options(seed, arguments.batch.schedule, shrunk.simplification) + " --verbose\n");
  print(timeline_of(simplified(schedule, shrunk.simplification), shrunk.course));
  print(result_of(shrunk.course));
}

int replay(const Arguments& arguments) {
  const Schedule schedule =
      simplified(schedule_of(*arguments.replay, arguments.batch.schedule), arguments.simplification);
  RunOptions options;
  options.verbose = arguments.verbose;
  const Course course = run(schedule, options);
  if (arguments.json) {
    print(json_of(course).dump() + '\n');
  } else {
    if (arguments.verbose) print(timeline_of(schedule, course));
    print(result_of(course));
  }
  if (!arguments.shrink_kind.empty()) print_shrunk(arguments, *arguments.replay, arguments.shrink_kind);
  return course.failed() ? found : passed;
}

int run_all(const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const Tally tally = run_batch(arguments.batch, [&](std::uint64_t done) {
    if (terminal && done % 50 == 0) std::fprintf(stderr, "\r%llu", static_cast<unsigned long long>(done));
  });
  if (terminal) std::fputs("\r", stderr);
  const auto took = since(began);
  if (arguments.json) {
    print(json_of(tally, took).dump() + '\n');
    return tally.failed() ? found : passed;
  }
  if (const auto failure = tally.first_failure(); failure && arguments.shrink)
    print_shrunk(arguments, failure->first, failure->second);
  print(coverage_of(tally) + '\n' + summary_of(tally, took) + '\n');
  return tally.failed() ? found : passed;
}

void add_options(CLI::App& program, Arguments& a) {
  program.add_option("--schedules", a.batch.schedules, "How many schedules to run")->capture_default_str();
  program.add_option("--seed", a.batch.first_seed, "The first one's seed; the others follow")->capture_default_str();
  program.add_option("--jobs", a.batch.jobs, "Threads")->check(CLI::Range(1, 256))->capture_default_str();
  program.add_option("--controllers", a.batch.schedule.controllers, "Controllers in each schedule")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  program.add_option("--detectors", a.batch.schedule.detectors, "Detectors in each; 0: one to three, by the seed")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  program
      .add_option("--faults", a.groups,
                  "Groups of faults to cause: main, minority, reach, outage, fleet, operator, "
                  "rebuild")
      ->delimiter(',')
      ->capture_default_str();
  program.add_option("--stop-at", a.batch.stop_at, "Begin no further run after a violation of this class")
      ->delimiter(',')
      ->check(CLI::IsMember({"lasting", "missed", "broken", "stuck", "unbroken", "untold", "spurious", "slow"}));
  program.add_option("--replay", a.replay, "Run the schedule of this seed alone");
  program.add_option("--without", a.simplification.without, "With --replay: without these faults, by their numbers")
      ->delimiter(',');
  program.add_flag("--calm-bus", a.simplification.calm_bus, "With --replay: the bus loses and delays nothing");
  program.add_flag("--small-cluster", a.simplification.small_cluster, "With --replay: three shards, one replica each");
  program.add_option("--controllers-kept", a.simplification.controllers, "With --replay: only the first controllers");
  program.add_option("--detectors-kept", a.simplification.detectors, "With --replay: only the first detectors");
  program.add_option("--shrink-kind", a.shrink_kind, "With --replay: shrink while this kind of violation remains");
  program.add_flag("--shrink,!--no-shrink", a.shrink, "Shrink the first schedule that fails");
  program.add_flag("-v,--verbose", a.verbose, "With --replay: print all that happens");
  program.add_flag("--json", a.json, "Print one JSON object");
}

void complete(Arguments& a) {
  a.batch.schedule.groups.clear();
  for (const auto& name : a.groups) {
    const auto group = group_named(name);
    if (!group) throw CLI::ValidationError("--faults", "there is no group '" + name + "'");
    a.batch.schedule.groups.insert(*group);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("dbha_sim: random schedules of faults over a model of a database and of a bus, in virtual time");
  program.footer("Exit status: 0 nothing was found; 1 a schedule failed; 2 wrong usage.");
  Arguments arguments;
  add_options(program, arguments);
  try {
    program.parse(argc, argv);
    complete(arguments);
  } catch (const CLI::ParseError& e) {
    return program.exit(e) == 0 ? passed : wrong_usage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "dbha_sim: %s\n", e.what());
    return wrong_usage;
  }
  return arguments.replay ? replay(arguments) : run_all(arguments);
}
