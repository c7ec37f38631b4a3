#pragma once
/// The embedding API: an application becomes a controller with a few lines. Link dbha::runtime.
///
///     auto controller = dbha::Controller::open("/etc/dbha/sb.toml");
///     auto handler = controller->on("dbrestart", [](const dbha::Event& event) { return write_local_data_again(event);
///     }); dbha::Result result = controller->call({.key = "k", .args = {"GET", "k"}}).get();

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include <dbha/backend.hpp>
#include <dbha/events.hpp>
#include <dbha/mirror.hpp>
#include <dbha/subscription.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha {

/// How current a controller's picture of the database is.
struct ViewState {
  Version applied;     ///< not known() before the first topology
  bool stale = false;  ///< no detector has been heard for three beats
  Duration age{};      ///< since the last beat of a detector; meaningless before the first
};

/// Starts the process's roles from a configuration file and runs them on a thread of its own. All member functions may
/// be called on any thread.
class Controller {
 public:
  /// Returns true when the event is done; false to have it delivered again later. Runs on a thread of this handler's
  /// own. An exception counts as false.
  using EventHandler = std::function<bool(const Event&)>;

  /// Throws ConfigError, PluginError or StartError. Returns without waiting for a detector or the database; see
  /// wait_ready().
  static std::unique_ptr<Controller> open(const std::filesystem::path& config_file);

  /// Ends every call and all roles.
  virtual ~Controller() = default;

  /// True as soon as a topology has been applied, false if that took longer than the timeout.
  virtual bool wait_ready(Duration timeout) = 0;

  /// `done` runs on the loop thread: it must not block.
  virtual void submit(Call call, Completion done) = 0;
  virtual std::future<Result> call(Call call) = 0;

  /// `name` is one of those of name_of(Event); `handler_name` names the handler in the state store, so that after a
  /// restart it is told of what happened meanwhile. Throws Error for an unknown event name or a handler_name already in
  /// use.
  virtual Subscription on(const std::string& name, EventHandler handler,
                          const std::string& handler_name = "application") = 0;

  /// Entries with versions; nullptr if the backend has none. Its functions may be called on any thread; what they
  /// complete runs on the loop thread. Lives as long as the controller.
  virtual VersionedStore* versioned_store() = 0;

  /// The local store of the consistency handler of that name in the configuration; nullptr if there is no such handler,
  /// or if it has none. Lives as long as the controller.
  virtual Mirror* mirror(const std::string& handler_name) = 0;

  /// A message for all who listen to the channel, on whatever node.
  virtual std::future<Result> publish(const std::string& channel, const std::string& message) = 0;

  /// Messages of a pub/sub channel. The handler runs on the loop thread. One handler a channel.
  virtual Subscription listen(const std::string& channel, Database::MessageHandler handler) = 0;

  /// The topology in use, nullptr before the first.
  virtual std::shared_ptr<const Topology> topology() const = 0;
  virtual ViewState view() const = 0;
};

}  // namespace dbha
