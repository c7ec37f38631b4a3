#include "redis/parked_channel.hpp"

#include <algorithm>
#include <utility>

#include "redis/parsed.hpp"
#include "redis/slot.hpp"

namespace dbha::redis {
namespace {

const std::vector<PartitionRange>& owned_by_itself(const View& view) {
  static const std::vector<PartitionRange> none;
  const auto self =
      std::find_if(view.nodes.begin(), view.nodes.end(), [&](const NodeReport& n) { return n.id == view.node; });
  return view.role == Role::primary && self != view.nodes.end() ? self->owns : none;
}

bool contains(const std::vector<PartitionRange>& ranges, Partition slot) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) { return range.contains(slot); });
}

}  // namespace

/// One name in 16384 hits; a search takes some 0.3 ms, and is needed once per node and lost slot.
std::string channel_of(Partition slot) {
  for (unsigned n = 0;; ++n) {
    auto name = "dbha:parked:{" + std::to_string(n) + '}';
    if (slot_of(name) == slot) return name;
  }
}

ParkedChannel::ParkedChannel(EventLoop& loop, Log& log, Connection::Settings settings, Told told)
    : loop_(loop), log_(log), settings_(std::move(settings)), told_(std::move(told)) {}

void ParkedChannel::follow(const View& view) {
  const auto& owned = owned_by_itself(view);
  if (owned.empty()) return close();
  if (refused_ || (slot_ && contains(owned, *slot_))) return;
  slot_ = owned.back().last;
  if (!std::exchange(open_, true)) {
    link_.emplace(loop_, settings_, *static_cast<Link::Listener*>(this));
  } else if (Connection* connection = link_->connection()) {
    subscribe(*connection);
  }
}

void ParkedChannel::close() {
  slot_.reset();
  refused_ = false;
  if (std::exchange(open_, false)) link_->close();
}

void ParkedChannel::on_link_opened(Connection& connection) {
  if (slot_) subscribe(connection);
}

void ParkedChannel::on_link_replaced(Connection& connection) {
  on_link_opened(connection);
}

void ParkedChannel::subscribe(Connection& connection) {
  connection.send({"SSUBSCRIBE", channel_of(*slot_)}, [this, slot = *slot_](Fate fate, Value&& reply) {
    if (fate != Fate::replied || slot_ != slot) return;
    if (reply.kind == Value::Kind::error) return on_refusal(reply.text);
    told_.parked();
  });
}

/// A node that says MOVED, or does not serve now, gets its channel with the next view. Anything else will stay so.
void ParkedChannel::on_refusal(const std::string& error) {
  slot_.reset();
  refused_ = error.starts_with("NOPERM") || error.starts_with("ERR");
  if (!refused_) return;
  open_ = false;
  link_->close();
  if (error.starts_with("NOPERM")) return told_.forbidden();
  log_.info("no_demotion_push",
            {{"endpoint", settings_.endpoint.text()}, {"reply", shown(error)}, {"advice", "needs Redis 7"}});
}

void ParkedChannel::on_link_push(Value push) {
  const auto& words = push.elements;
  if (!slot_ || words.size() < 2 || words[0].text != "sunsubscribe" || words[1].text != channel_of(*slot_)) return;
  told_.dropped(*std::exchange(slot_, std::nullopt));
}

}  // namespace dbha::redis
