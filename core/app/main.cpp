#include <cstdio>
#include <exception>
#include <iterator>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <dbha/error.hpp>

#include "commands.hpp"
#include "demo/demo.hpp"
#include "demo/plan.hpp"
#include "exit_status.hpp"
#include "log/log_level.hpp"
#include "shell/shell.hpp"

namespace {

using namespace dbha;

constexpr const char* footer =
    "Exit status: 0 done; 1 the thing asked about is not well; 2 wrong usage or configuration; 3 could not reach; "
    "4 not all could be compared.";

void add_question(CLI::App& command, app::Question& question, const char* json = "Print one JSON object") {
  auto* connect = command.add_option("--connect", question.connect, "Admin endpoint of the process, ipc://PATH");
  auto* config =
      command.add_option("-c,--config", question.config, "Configuration file of the process, which names its endpoint");
  connect->excludes(config);
  command.add_flag("--json", question.json, json);
  command.callback([&command, connect, config] {
    if (connect->count() + config->count() == 0)
      throw CLI::RequiredError(command.get_name() + ": one of --connect and --config");
  });
}

void add_shell(CLI::App& command, ShellOptions& options) {
  auto* seeds = command.add_option("--seeds", options.seeds, "Nodes to start from, HOST:PORT[,HOST:PORT...]");
  seeds->delimiter(',');
  auto* config =
      command.add_option("-c,--config", options.config, "Configuration file of a process that has a [controller]");
  seeds->excludes(config);
  command.add_option("--timeout", options.timeout_ms, "How long to wait for the first topology, in ms")
      ->check(CLI::Range(1, 3'600'000))
      ->capture_default_str();
  command.add_option("--deadline", options.deadline_ms, "How long each command may take, in ms; default 10000")
      ->check(CLI::Range(1, 3'600'000));
  command.add_option("--log", options.log, "Write log lines from this level on; default error")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(log_level_names), std::end(log_level_names))));
  command.callback([&command, seeds, config] {
    if (seeds->count() + config->count() == 0)
      throw CLI::RequiredError(command.get_name() + ": one of --seeds and --config");
  });
}

int dispatch(int argc, char** argv) {
  CLI::App program("dbha: high availability for the clients of a database");
  program.footer(footer);
  program.require_subcommand(1);
  program.set_version_flag("--version", "dbha " DBHA_VERSION);

  std::filesystem::path config;
  bool json = false;
  auto* run = program.add_subcommand("run", "Start a process from its configuration file, and serve until SIGTERM");
  run->add_option("-c,--config", config, "Configuration file")->required();
  auto* check = program.add_subcommand(
      "check", "Validate a configuration file, load its plugins, and say what the process would be");
  check->add_option("-c,--config", config, "Configuration file")->required();
  check->add_flag("--json", json, "Print one JSON object");

  app::Question question;
  auto* status = program.add_subcommand("status", "How a running process is: first the one thing that is wrong");
  add_question(*status, question);
  auto* topology = program.add_subcommand("topology", "The topology that a running process uses");
  add_question(*topology, question);

  app::ResetQuestion reset_question;
  auto* reset = program.add_subcommand(
      "reset", "Make a detector publish what a majority of the primaries names now, under a new generation");
  add_question(*reset, reset_question.process);
  reset->add_flag("--yes", reset_question.yes, "Do not ask back");

  app::ResyncQuestion resync_question;
  auto* resync = program.add_subcommand("resync", "Tell the handlers of a running process dbrestart by hand");
  add_question(*resync, resync_question.process);
  resync->add_option("--partitions", resync_question.partitions, "Which, A-B[,C-D...]; default all");
  resync->add_option("--handler", resync_question.handler, "By name; default all that hear dbrestart");
  resync->add_flag("--wait", resync_question.wait, "Until the handlers have nothing pending");

  app::VerifyQuestion verify_question;
  auto* verify = program.add_subcommand(
      "verify", "Compare what the mirrors of a running process keep with the database, and change nothing");
  add_question(*verify, verify_question.process);
  verify->add_option("--partitions", verify_question.partitions, "Which, A-B[,C-D...]; default all");
  verify->add_option("--handler", verify_question.handler, "By name; default all that keep entries");
  verify->add_option("--table", verify_question.table, "Which; default all");
  verify->add_option("--limit", verify_question.limit, "How many entries of each kind of difference are named")
      ->capture_default_str();

  app::WatchQuestion watch_question;
  auto* watch = program.add_subcommand(
      "watch", "What a running process does, line by line, until Ctrl-C: topologies published and applied, events");
  add_question(*watch, watch_question.process, "Print one JSON object a line");
  watch->add_flag("--beats", watch_question.beats, "Also the beats of the detectors");
  watch->add_flag("--no-wait", watch_question.no_wait,
                  "End with exit status 3 when the process goes away, instead of waiting for it to come back");

  app::HistoryQuestion history_question;
  auto* history = program.add_subcommand(
      "history", "What a process has seen, decided, refused and told, with the evidence; whether or not it runs");
  history->add_option("-c,--config", history_question.config, "Configuration file of the process")->required();
  history->add_option("--since", history_question.since,
                      "From when on: how long ago (90s, 10m, 2h), or a time of UTC (2026-11-23T04:05:06Z, 2026-11-23)");
  history->add_option("--limit", history_question.limit, "The newest so many entries; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  history->add_flag("--json", history_question.json, "Print one JSON object a line");

  ShellOptions shell_options;
  auto* shell = program.add_subcommand(
      "shell", "Send commands to a Redis Cluster, one a line on standard input; !help there lists the shell's own");
  add_shell(*shell, shell_options);

  DemoOptions demo_options;
  auto* demo = program.add_subcommand(
      "demo", "Start a real Redis Cluster and a fleet on loopback, break it, and show what happened");
  demo->add_option("--backend", demo_options.backend,
                   "The database: redis, real servers and processes; memory, one inside this process, with all roles")
      ->check(CLI::IsMember({"redis", "memory"}))
      ->capture_default_str();
  demo->add_flag("--json", demo_options.json, "Print one JSON object on standard output, progress on standard error");
  demo->add_flag("--keep", demo_options.keep, "Leave everything running until Ctrl-C, and say how to look at it");
  demo->add_option("--fault", demo_options.faults, "Faults to cause, in this order")
      ->check(CLI::IsMember(demo::fault_words()));
  demo->add_option("--controllers", demo_options.controllers, "SB processes to start")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  demo->add_option("--rate", demo_options.rate, "Writes a second")->check(CLI::Range(1, 100000))->capture_default_str();

  demo->add_flag("!--no-resync", demo_options.resync,
                 "The mirror does nothing after a dbrestart: what the last fault loses stays lost");

  program.add_subcommand("version", "Print the version");

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return program.exit(e) == 0 ? app::done : app::wrong_usage;
  }
  if (*run) return app::run(config);
  if (*check) return app::check(config, json);
  if (*status) return app::status(question);
  if (*topology) return app::topology(question);
  if (*reset) return app::reset(reset_question);
  if (*resync) return app::resync(resync_question);
  if (*verify) return app::verify(verify_question);
  if (*watch) return app::watch(watch_question);
  if (*history) return app::history(history_question);
  if (*shell) return run_shell(shell_options);
  if (*demo) return run_demo(demo_options);
  std::printf("dbha %s\n", DBHA_VERSION);
  return app::done;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(argc, argv);
  } catch (const Error& e) {
    std::fprintf(stderr, "dbha: %s\n", e.what());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "dbha: %s\n", e.what());
  }
  return app::wrong_usage;
}
