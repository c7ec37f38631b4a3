#include "runtime/process.hpp"

#include <algorithm>

#include <dbha_bus/admin.hpp>
#include <unistd.h>

#include "config/option_table.hpp"
#include "history/history_writer.hpp"
#include "log/spdlog_log.hpp"
#include "plugin_host/plugin_check.hpp"
#include "runtime/admin_requests.hpp"
#include "runtime/consistency_host.hpp"
#include "runtime/controller_role.hpp"
#include "runtime/detector_role.hpp"
#include "runtime/event_programs.hpp"
#include "runtime/plugin_folders.hpp"
#include "runtime/verifications.hpp"
#include "runtime/wall_clock.hpp"

namespace dbha {
namespace {

std::span<const OptionSpec> specs_of(const Plugin& plugin) {
  return {plugin.info->options, plugin.info->option_count};
}

std::vector<std::string> joined(std::vector<std::string> events, const std::vector<std::string>& more) {
  for (const auto& event : more)
    if (std::find(events.begin(), events.end(), event) == events.end()) events.push_back(event);
  return events;
}

/// /run is empty after each boot, so the socket's folder may have to be made. If it cannot be, binding the endpoint
/// says what is wrong.
void make_folder_of(const std::string& endpoint) {
  const std::filesystem::path socket(endpoint.substr(std::string_view("ipc://").size()));
  std::error_code ignored;
  std::filesystem::create_directories(socket.parent_path(), ignored);
}

/// A consistency handler of the configuration, with what it refers to.
struct Handler {
  OptionTable options;
  std::unique_ptr<ConsistencyContext> context;
  std::unique_ptr<ConsistencyHandler> object;
};
using Handlers = std::vector<std::shared_ptr<Handler>>;

/// Without it the end would wait for a handler that waits for a call which the loop does not serve any more.
class StopAtEnd {
 public:
  explicit StopAtEnd(const Handlers& handlers) : handlers_(handlers) {}
  ~StopAtEnd() { stop(); }
  StopAtEnd(const StopAtEnd&) = delete;
  StopAtEnd& operator=(const StopAtEnd&) = delete;
  void stop() const {
    for (const auto& handler : handlers_) handler->object->stop();
  }

 private:
  const Handlers& handlers_;
};

nlohmann::json json_of(const Handler& handler) {
  nlohmann::json out = {{"name", handler.context->handler}, {"trouble", handler.object->trouble()}};
  if (const auto progress = handler.object->progress())
    out["progress"] = {{"doing", progress->doing}, {"done", progress->done}, {"total", progress->total}};
  return out;
}

}  // namespace

std::vector<std::string> check_plugins(const Config& config) {
  PluginHost host(plugin_folders(config));
  std::vector<std::string> out;
  const auto check = [&](const PluginSection& section, PluginKind kind) {
    const Plugin plugin = host.load(section.plugin, kind);
    const OptionTable options(config.file, section, specs_of(plugin));
    out.push_back(std::string(text_of(kind)) + " plugin " + plugin.info->name + " (" + plugin.info->description +
                  ") from " + plugin.file.string());
  };
  check(config.backend, PluginKind::backend);
  for (const auto& consistency : config.consistency) check(consistency.plugin, PluginKind::consistency);
  return out;
}

/// The order of the members is the order of life: what is used is declared before its users.
class Process::Parts {
 public:
  explicit Parts(Config c)
      : config(std::move(c)),
        log(config.log.level, config.log.file),
        store(config.state_dir, config.name),
        history(HistoryFile::path_of(config.state_dir, config.name), log),
        host(plugin_folders(config)) {
    const Plugin plugin = host.load(config.backend.plugin, PluginKind::backend);
    backend_options = std::make_unique<OptionTable>(config.file, config.backend, specs_of(plugin));
    backend_context =
        std::make_unique<PluginContext>(PluginContext{loop, log, *backend_options, config.name, config.state_dir});
    backend = plugin.create_backend(*backend_context);
    if (config.detector) detector = std::make_unique<DetectorRole>(loop, log, config, bus, *backend, store);
    if (config.controller) controller = std::make_unique<ControllerRole>(loop, log, config, bus, *backend, store);
    if (controller) consistency_host = std::make_unique<ControllerHost>(loop, *controller);
    for (const auto& consistency : config.consistency) add_handler(consistency);
    if (controller) verifications = std::make_unique<Verifications>(loop);
    if (!config.events_endpoint.empty()) open_event_socket();
    if (!config.admin_endpoint.empty()) open_admin();
    if (detector) detector->history().on_entry([this](const nlohmann::json& entry) { tell("detector", entry); });
    if (controller) controller->history().on_entry([this](const nlohmann::json& entry) { tell("controller", entry); });
    tell("process",
         {{"what", "process_started"}, {"at_ms", wall_clock_ms()}, {"pid", getpid()}, {"dbha", DBHA_VERSION}});
  }

  ~Parts() { tell("process", {{"what", "process_ended"}, {"at_ms", wall_clock_ms()}, {"pid", getpid()}}); }

  void open_admin() {
    make_folder_of(config.admin_endpoint);
    admin = std::make_unique<bus::AdminServer>(bus, loop, config.admin_endpoint, [this](std::string_view request) {
      return answer_admin_request(request, [this] { return facts(); });
    });
  }

  void open_event_socket() {
    make_folder_of(config.events_endpoint);
    programs = std::make_unique<EventPrograms>(loop, log, bus, config.events_endpoint, controller->hub(), store);
  }

  /// Who asked to watch is told, and all but the beats is kept.
  void tell(const char* role, nlohmann::json entry) {
    const auto stream = stream_of(entry);
    const bool watched = admin && admin->watched(stream);
    if (!watched && stream == watch_beats) return;
    entry["role"] = role;
    entry["name"] = config.name;
    if (watched) admin->publish(stream, entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    entry.erase("number");  // of the status of this life
    if (stream != watch_beats) history.add(entry);
  }

  AdminFacts facts() const {
    nlohmann::json consistency = nlohmann::json::array();
    for (const auto& handler : handlers) consistency.push_back(json_of(*handler));
    std::vector<std::pair<std::string, Verifier*>> verifiers;
    for (const auto& handler : handlers)
      if (Verifier* verifier = handler->object->verifier()) verifiers.emplace_back(handler->context->handler, verifier);
    return {config,
            detector.get(),
            controller.get(),
            std::move(verifiers),
            verifications.get(),
            std::move(consistency),
            history.counts().lost};
  }

  Mirror* mirror(const std::string& handler_name) const {
    for (const auto& handler : handlers)
      if (handler->context->handler == handler_name) return handler->object->mirror();
    return nullptr;
  }

  void add_handler(const ConsistencyConfig& consistency) {
    const Plugin plugin = host.load(consistency.plugin.plugin, PluginKind::consistency);
    auto handler = std::make_shared<Handler>(
        Handler{OptionTable(config.file, consistency.plugin, specs_of(plugin)), nullptr, nullptr});
    handler->context = std::make_unique<ConsistencyContext>(
        ConsistencyContext{PluginContext{loop, log, handler->options, config.name, config.state_dir}, *consistency_host,
                           consistency.name});
    handler->object = plugin.create_consistency(*handler->context);
    handlers.push_back(handler);
    controller->hub().subscribe(joined(consistency.events, handler->object->events()), consistency.name,
                                [handler](const Event& event) { return handler->object->handle(event); },
                                {.pauses = RetryPauses{consistency.retry_first, consistency.retry_longest},
                                 .accepted = [handler](const Event& event) { handler->object->on_accepted(event); }});
  }

  Config config;
  SpdlogLog log;
  EpollLoop loop;
  bus::Context bus;
  StateStore store;
  HistoryWriter history;
  PluginHost host;
  std::unique_ptr<OptionTable> backend_options;
  std::unique_ptr<PluginContext> backend_context;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<ControllerHost> consistency_host;
  Handlers handlers;
  std::unique_ptr<bus::AdminServer> admin;  // before the roles, which tell it what they do until they are gone
  std::unique_ptr<DetectorRole> detector;
  std::unique_ptr<ControllerRole> controller;
  std::unique_ptr<EventPrograms> programs;
  std::unique_ptr<Verifications> verifications;
  const StopAtEnd stop_handlers{handlers};  // ends first: the controller's end waits for its handlers
};

Process::Process(Config config) : parts_(std::make_unique<Parts>(std::move(config))) {
  parts_->log.info(
      "started",
      {{"name", parts_->config.name}, {"cluster", parts_->config.cluster}, {"config", parts_->config.file.string()}});
}

Process::~Process() {
  parts_->log.info("ended", {{"name", parts_->config.name}});
}

void Process::run() {
  parts_->loop.run();
}
void Process::stop_handlers() {
  parts_->stop_handlers.stop();
}
void Process::stop() {
  parts_->loop.stop();
}
EpollLoop& Process::loop() {
  return parts_->loop;
}
ControllerRole* Process::controller() {
  return parts_->controller.get();
}
Mirror* Process::mirror(const std::string& handler_name) const {
  return parts_->mirror(handler_name);
}
nlohmann::json Process::status() const {
  return status_json(parts_->facts());
}

}  // namespace dbha
