#include "runtime/consistency_host.hpp"

#include <utility>

#include "runtime/controller_role.hpp"

namespace dbha {

ControllerHost::ControllerHost(EventLoop& loop, ControllerRole& controller) : loop_(loop), controller_(controller) {
  if (VersionedStore* store = controller.database().versioned_store()) store_.emplace(*store, loop);
  controller.on_change([this] {
    const std::lock_guard lock(mutex_);
    topology_ = controller_.state().applied();
  });
}

std::shared_ptr<const Topology> ControllerHost::topology() const {
  const std::lock_guard lock(mutex_);
  return topology_;
}

Duration ControllerHost::resync_window() const {
  return controller_.resync_window();
}

void ControllerHost::publish(std::string channel, std::string message, Completion done) {
  loop_.post([this, channel = std::move(channel), message = std::move(message), done = std::move(done)]() mutable {
    controller_.database().publish(std::move(channel), std::move(message), std::move(done));
  });
}

void ControllerHost::subscribe(std::string channel, Database::MessageHandler handler) {
  loop_.post([this, channel = std::move(channel), handler = std::move(handler)]() mutable {
    controller_.database().subscribe(std::move(channel), std::move(handler));
  });
}

void ControllerHost::unsubscribe(std::string channel) {
  loop_.post([this, channel = std::move(channel)] { controller_.database().unsubscribe(channel); });
}

}  // namespace dbha
