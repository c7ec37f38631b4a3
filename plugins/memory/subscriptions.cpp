#include "memory/subscriptions.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "memory/rendezvous.hpp"

namespace dbha::memory {
namespace {

constexpr Duration avoid_for = std::chrono::seconds(5);
constexpr Duration idle_before_probe = std::chrono::seconds(1);
constexpr Duration pause = std::chrono::milliseconds(100);
constexpr int missed_probes = 3;  // a subscriber hears nothing from a dead node either: it has to ask, and then to move

}  // namespace

Subscriptions::Subscriptions(EventLoop& loop, Line& line, Hints& hints, std::string client, Duration probe_timeout,
                             DatabaseListener& listener)
    : loop_(loop),
      line_(line),
      hints_(hints),
      client_(std::move(client)),
      probe_timeout_(probe_timeout),
      listener_(listener) {
  watch_ = Timer(loop_, probe_timeout_, [this]() -> std::optional<Duration> {
    watch_over();
    return probe_timeout_;
  });
}

void Subscriptions::apply(std::shared_ptr<const Topology> topology) {
  topology_ = std::move(topology);
  const dbha::Node* node = topology_->node(node_);
  if (!node_.empty() && node && node->endpoint == endpoint_) return;
  if (up_) {
    if (interrupted_.empty()) interrupted_from_ = heard_;
    for (const auto& [channel, handler] : channels_) interrupted_.insert(channel);
  }
  connect();
}

/// The client's first choice among those that have not failed lately; nullptr if all have.
const dbha::Node* Subscriptions::choose() {
  std::erase_if(avoided_, [&](const auto& entry) { return entry.second <= loop_.now(); });
  const auto order = rendezvous_order(client_, *topology_);
  const auto at = std::find_if(order.begin(), order.end(), [&](auto* node) { return !avoided_.contains(node->id); });
  return at != order.end() ? *at : nullptr;
}

void Subscriptions::connect() {
  retry_.reset();
  up_ = false;
  ++connection_;
  const dbha::Node* node = choose();
  node_ = node ? node->id : NodeId{};
  if (node) {
    endpoint_ = node->endpoint;
    return ask();
  }
  avoided_.clear();
  retry_ = Timer(loop_, pause, [this]() -> std::optional<Duration> {
    connect();
    return std::nullopt;
  });
}

void Subscriptions::ask() {
  owes_ = loop_.now();
  line_.call(endpoint_, {"PING"}, [this, connection = connection_](const std::optional<Value>& reply) {
    on_answer(connection, reply.has_value());
  });
}

/// The listener is told once the new node has answered, so that what it reads then is complete.
void Subscriptions::on_answer(std::uint64_t connection, bool answered) {
  if (connection != connection_) return;
  if (!answered) return move_on(up_ ? HintKind::connection_lost : HintKind::refused);
  heard_ = loop_.now();
  owes_.reset();
  up_ = true;
  const auto told = std::exchange(interrupted_, {});
  if (!told.empty())
    listener_.on_subscription_interrupted({node_, {told.begin(), told.end()}, interrupted_from_, loop_.now()});
}

void Subscriptions::move_on(HintKind kind) {
  const Hint hint{.kind = kind, .node = node_, .endpoint = endpoint_, .partition = {}};
  if (up_) {
    if (interrupted_.empty()) interrupted_from_ = heard_;
    for (const auto& [channel, handler] : channels_) interrupted_.insert(channel);
  }
  avoided_[node_] = loop_.now() + avoid_for;
  connect();
  hints_.raise(hint);
}

void Subscriptions::on_lost(const Endpoint& endpoint) {
  if (!node_.empty() && up_ && endpoint == endpoint_) move_on(HintKind::connection_lost);
}

void Subscriptions::on_message(const Endpoint& at, const std::string& channel, const std::string& message) {
  if (!up_ || at != endpoint_) return;
  heard_ = loop_.now();
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  const auto handler = found->second;  // kept: it may unsubscribe itself
  if (*handler) (*handler)(channel, message);
}

void Subscriptions::watch_over() {
  if (node_.empty()) return;
  if (owes_) {
    if (loop_.now() - *owes_ >= missed_probes * probe_timeout_) move_on(HintKind::silent);
  } else if (loop_.now() - heard_ >= idle_before_probe) {
    ask();
  }
}

void Subscriptions::subscribe(std::string channel, Database::MessageHandler handler) {
  channels_[std::move(channel)] = std::make_shared<const Database::MessageHandler>(std::move(handler));
}

void Subscriptions::unsubscribe(const std::string& channel) {
  channels_.erase(channel);
  interrupted_.erase(channel);
}

void Subscriptions::close() {
  watch_.reset();
  retry_.reset();
  channels_.clear();
}

}  // namespace dbha::memory
