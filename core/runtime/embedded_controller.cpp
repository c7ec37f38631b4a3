#include "runtime/embedded_controller.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include <dbha/error.hpp>

#include "runtime/controller_role.hpp"
#include "runtime/posted_store.hpp"
#include "runtime/process.hpp"

namespace dbha {
namespace {

Config with_controller(Config config) {
  if (config.controller) return config;
  throw ConfigError(config.file.string() +
                    ": [controller]: expected for an embedded controller, but the file has none");
}

/// The public Controller: a Process on a thread of its own. Application threads talk to the loop by posts only.
class EmbeddedController final : public ObservedController {
 public:
  explicit EmbeddedController(Config config) : process_(with_controller(std::move(config))) {
    process_.controller()->on_change([this] { take_view(); });
    if (VersionedStore* store = database().versioned_store()) store_.emplace(*store, loop());
    thread_ = std::thread([this] { process_.run(); });
  }

  ~EmbeddedController() override {
    process_.stop_handlers();
    on_loop([&] { return hub().unsubscribe_all(); });  // handlers end here, while the loop still serves their calls
    process_.stop();
    thread_.join();
  }

  bool wait_ready(Duration timeout) override {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return topology_ != nullptr; });
  }

  void submit(Call call, Completion done) override {
    if (on_loop_thread()) return database().submit(std::move(call), std::move(done));
    loop().post([this, call = std::move(call), done = std::move(done)]() mutable {
      database().submit(std::move(call), std::move(done));
    });
  }

  std::future<Result> call(Call call) override {
    auto promise = std::make_shared<std::promise<Result>>();
    auto future = promise->get_future();
    submit(std::move(call), [promise](Result result) { promise->set_value(std::move(result)); });
    return future;
  }

  std::future<Result> publish(const std::string& channel, const std::string& message) override {
    auto promise = std::make_shared<std::promise<Result>>();
    auto future = promise->get_future();
    loop().post([this, channel, message, promise] {
      database().publish(channel, message, [promise](Result result) { promise->set_value(std::move(result)); });
    });
    return future;
  }

  VersionedStore* versioned_store() override { return store_ ? &*store_ : nullptr; }

  Mirror* mirror(const std::string& handler_name) override { return process_.mirror(handler_name); }

  Subscription on(const std::string& name, EventHandler handler, const std::string& handler_name) override {
    const auto id = on_loop([&] { return hub().subscribe({name}, handler_name, std::move(handler)); });
    return Subscription([this, id] {
      const auto thread =
          on_loop([&] { return hub().unsubscribe(id); });  // waits here, not on the loop, for a running handler
    });
  }

  Subscription listen(const std::string& channel, Database::MessageHandler handler) override {
    loop().post(
        [this, channel, handler = std::move(handler)]() mutable { database().subscribe(channel, std::move(handler)); });
    return Subscription([this, channel] { on_loop([&] { return database().unsubscribe(channel), true; }); });
  }

  std::shared_ptr<const Topology> topology() const override {
    const std::lock_guard lock(mutex_);
    return topology_;
  }

  ViewState view() const override {
    return self().on_loop([&] {
      const ControllerState& state = self().role().state();
      return ViewState{state.version(), state.stale(), state.age(self().loop().now()).value_or(Duration{})};
    });
  }

  nlohmann::json status() const override {
    return self().on_loop([&] { return process_.status(); });
  }

 private:
  /// Posting changes nothing that a caller could see.
  EmbeddedController& self() const { return const_cast<EmbeddedController&>(*this); }
  EpollLoop& loop() { return process_.loop(); }
  ControllerRole& role() { return *process_.controller(); }
  Database& database() { return role().database(); }
  EventHub& hub() { return role().hub(); }

  bool on_loop_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  /// Runs it on the loop thread and returns what it returned, or throws what it threw. At once when called on the loop
  /// thread.
  template <class Function>
  auto on_loop(Function function) -> decltype(function()) {
    if (on_loop_thread()) return function();
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto future = task.get_future();
    loop().post([&task] { task(); });
    return future.get();
  }

  void take_view() {
    {
      const std::lock_guard lock(mutex_);
      topology_ = role().state().applied();
    }
    changed_.notify_all();
  }

  Process process_;
  std::optional<PostedStore> store_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Topology> topology_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<ObservedController> open_controller(Config config) {
  return std::make_unique<EmbeddedController>(std::move(config));
}

std::unique_ptr<Controller> Controller::open(const std::filesystem::path& config_file) {
  return open_controller(load_config(config_file));
}

}  // namespace dbha
