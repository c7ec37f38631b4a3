#pragma once
/// What a consistency handler plugin implements, and what its host does for it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/context.hpp>
#include <dbha/events.hpp>
#include <dbha/topology.hpp>

namespace dbha {

class Mirror;
class Verifier;
class VersionedStore;

/// The database as a handler may use it. Any thread, from the handler's creation to its end; what is asked for before
/// the process runs is done when it runs. While the process ends, what is asked for may never be answered: a handler
/// that waits is told to stop, see ConsistencyHandler::stop().
class ConsistencyHost {
 public:
  /// Entries with versions; nullptr if the backend has none. What its functions complete runs on the loop thread.
  virtual VersionedStore* versioned_store() = 0;
  /// The topology in use, nullptr before the first.
  virtual std::shared_ptr<const Topology> topology() const = 0;
  /// Over how long the fleet spreads what all of its processes ask the database for because of one and the same thing;
  /// 0: nobody else asks, or all wait for this process. Events that are delivered have had their moment of it.
  virtual Duration resync_window() const = 0;
  /// A message for all who listen to the channel, on whatever node. `done` runs on the loop thread.
  virtual void publish(std::string channel, std::string message, Completion done) = 0;
  /// `handler` runs on the loop thread: it must not block. One handler a channel in a process.
  virtual void subscribe(std::string channel, Database::MessageHandler handler) = 0;
  virtual void unsubscribe(std::string channel) = 0;

 protected:
  ~ConsistencyHost() = default;
};

/// Given to the factory of a consistency handler. Everything in it outlives the handler.
struct ConsistencyContext : PluginContext {
  ConsistencyHost& host;
  std::string handler;  ///< its name in the configuration, unique in the process
};

/// How far something long is.
struct Progress {
  std::string doing;        ///< "compare", in a word
  std::uint64_t done = 0;   ///< of `total`
  std::uint64_t total = 0;  ///< 0: not known yet
};

/// Told of events on a thread of its own, one at a time. An event is stored before it is delivered and struck off after
/// handle() has returned true; after a crash in between it comes again, so handling must be idempotent.
class ConsistencyHandler {
 public:
  virtual ~ConsistencyHandler() = default;
  /// Names of events that it is told of whatever the configuration says.
  virtual std::vector<std::string> events() const { return {}; }
  /// True: done. False: it failed and is to be delivered again.
  virtual bool handle(const Event& event) = 0;

  /// An event for this handler has been accepted and waits for handle(): what runs now may take it into account, or end
  /// early because it turns out that nothing was lost. Loop thread: must not block, nor throw.
  virtual void on_accepted(const Event& /*event*/) {}
  /// The process ends: a handle() that runs must return soon. What returned false comes again after the next start. Any
  /// thread; may come more than once.
  virtual void stop() {}
  /// Of the handle() that runs; nothing if none does. Any thread.
  virtual std::optional<Progress> progress() const { return std::nullopt; }
  /// What keeps it from its work at present, and what to do about it; empty if nothing does. Shown by `dbha status`.
  /// Any thread.
  virtual std::string trouble() const { return {}; }
  /// What Controller::mirror() gives to applications; lives as long as the handler.
  virtual Mirror* mirror() { return nullptr; }
  /// What `dbha verify` asks; nullptr if it keeps nothing that could be compared. Lives as long as the handler.
  virtual Verifier* verifier() { return nullptr; }
};

}  // namespace dbha
