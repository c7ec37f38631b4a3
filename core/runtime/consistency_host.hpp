#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <dbha/consistency.hpp>

#include "runtime/posted_store.hpp"

namespace dbha {

class ControllerRole;

/// The controller of this process as its consistency handlers see it, from any thread. The handlers end after the
/// controller, so this outlives it: by then the loop has ended, and what is still posted is dropped.
class ControllerHost final : public ConsistencyHost {
 public:
  ControllerHost(EventLoop& loop, ControllerRole& controller);

  VersionedStore* versioned_store() override { return store_ ? &*store_ : nullptr; }
  std::shared_ptr<const Topology> topology() const override;
  Duration resync_window() const override;
  void publish(std::string channel, std::string message, Completion done) override;
  void subscribe(std::string channel, Database::MessageHandler handler) override;
  void unsubscribe(std::string channel) override;

 private:
  EventLoop& loop_;
  ControllerRole& controller_;
  std::optional<PostedStore> store_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Topology> topology_;
};

}  // namespace dbha
