/// The plugin `exec`: for each event a command of the configuration.

#include <chrono>

#include <dbha/error.hpp>
#include <dbha/event_json.hpp>
#include <dbha/plugin.hpp>

#include "run.hpp"

namespace dbha::exec {
namespace {

constexpr std::int64_t second = 1000;  // durations are in ms
constexpr std::int64_t day = 24 * 3600 * second;

constexpr OptionSpec options[] = {
    {"command", OptionType::command, nullptr, "program and arguments; the event is its standard input, as JSON"},
    {"timeout", OptionType::duration, "30s", "then its process group gets SIGTERM", 10, day},
    {"kill_after", OptionType::duration, "5s", "and after this SIGKILL", 0, day},
};

class CommandHandler final : public ConsistencyHandler {
 public:
  explicit CommandHandler(const PluginContext& context)
      : log_(context.log),
        order_{context.options.text_list("command"), context.options.duration("timeout"),
               context.options.duration("kill_after")} {}

  /// What went wrong is told as an exception, which who delivers the event logs, and shows in the status.
  bool handle(const Event& event) override {
    const auto began = std::chrono::steady_clock::now();
    const Ended ended = run(order_, json_of(event) + '\n', stop_);
    if (!ended.well()) throw Error(order_.command.front() + ": " + text_of(ended, order_));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    log_.info("command_done", {{"command", order_.command.front()},
                               {"event", name_of(event)},
                               {"status", "0"},
                               {"took_ms", std::to_string(took.count())},
                               {"stderr", ended.errors}});
    return true;
  }

  /// The command is ended, and its event delivered again by the next start.
  void stop() override { stop_.now(); }

 private:
  Log& log_;
  Order order_;
  Stop stop_;
};

ConsistencyHandler* create(const ConsistencyContext& context) {
  return new CommandHandler(context);
}

}  // namespace
}  // namespace dbha::exec

DBHA_PLUGIN(dbha::PluginKind::consistency, "exec", "runs a command for each event", dbha::exec::options,
            dbha::exec::create);
