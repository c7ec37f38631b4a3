#include "redis/subscriptions.hpp"

#include <algorithm>

#include "redis/parsed.hpp"
#include "redis/rendezvous.hpp"
#include "redis/verdict.hpp"

namespace dbha::redis {
namespace {

constexpr Duration avoid_for = std::chrono::seconds(5);

}  // namespace

Subscriptions::Subscriptions(EventLoop& loop, Log& log, Connection::Settings settings, Duration probe_timeout,
                             DatabaseListener& listener)
    : loop_(loop),
      log_(log),
      settings_(std::move(settings)),
      probe_timeout_(probe_timeout),
      listener_(listener),
      backoff_(std::chrono::milliseconds(50), std::chrono::seconds(1)) {
  settings_.subscriber = true;
  watch_timer_ = Timer(loop_, probe_timeout_, [this]() -> std::optional<Duration> {
    const Duration next = watch_over();
    return closed_ ? std::nullopt : std::optional(next);
  });
}

// ---- Which node

void Subscriptions::apply(std::shared_ptr<const Topology> topology) {
  topology_ = std::move(topology);
  if (connection_) {
    const dbha::Node* node = topology_->node(node_);
    if (node && node->endpoint == connection_->endpoint()) return;
    disconnect();
  }
  connect();
}

/// The client's first choice among those that have not failed lately; nullptr if all have.
const dbha::Node* Subscriptions::choose() {
  std::erase_if(avoided_, [&](const auto& entry) { return entry.second <= loop_.now(); });
  const auto order = rendezvous_order(settings_.client_name, *topology_);
  const auto at = std::find_if(order.begin(), order.end(), [&](auto* node) { return !avoided_.contains(node->id); });
  return at != order.end() ? *at : nullptr;
}

void Subscriptions::connect() {
  retry_.reset();
  const dbha::Node* node = choose();
  if (!node) {  // all failed, or there is none: from the first choice again, after a pause
    avoided_.clear();
    retry_ = Timer(loop_, backoff_.next(), [this]() -> std::optional<Duration> {
      connect();
      return std::nullopt;
    });
    return;
  }
  node_ = node->id;
  settings_.endpoint = node->endpoint;
  Connection::Listener& self = *this;  // a private base, so make_unique cannot convert to it
  connection_ = std::make_unique<Connection>(loop_, settings_, self);
}

void Subscriptions::disconnect() {
  if (interrupted_.empty()) interrupted_from_ = connection_->last_heard();
  for (auto& [name, channel] : channels_) {
    // Requested is enough: the application is never told of the confirmation, so it counts on the channel since then.
    if (std::exchange(channel.requested, false)) interrupted_.insert(name);
    channel.confirmed = false;
  }
  connection_.reset();
  node_ = {};
}

void Subscriptions::move_on(HintKind kind, const std::string& why) {
  const Hint hint{.kind = kind, .node = node_, .endpoint = settings_.endpoint, .partition = {}};
  log_.warning("pubsub_moves", {{"node", node_.value}, {"endpoint", hint.endpoint.text()}, {"reason", why}});
  avoided_[node_] = loop_.now() + avoid_for;
  disconnect();
  connect();
  listener_.on_hint(hint);
}

// ---- Channels

void Subscriptions::subscribe(std::string channel, Database::MessageHandler handler) {
  const auto [at, added] = channels_.try_emplace(std::move(channel));
  at->second.handler = std::make_shared<const Database::MessageHandler>(std::move(handler));
  if (added) request(at->first);
}

void Subscriptions::unsubscribe(const std::string& channel) {
  if (channels_.erase(channel) == 0) return;
  interrupted_.erase(channel);
  if (connection_ && connection_->state() == Connection::State::up) {
    connection_->send({"UNSUBSCRIBE", channel}, [](Fate, Value&&) {});  // messages still on their way find no handler
  }
}

/// On a connection that is not up yet, on_up() will ask for all.
void Subscriptions::request(const std::string& channel) {
  if (!connection_ || connection_->state() != Connection::State::up) return;
  channels_.at(channel).requested = true;
  connection_->send({"SUBSCRIBE", channel}, [this, channel](Fate fate, Value&& reply) {
    if (fate == Fate::replied) on_confirmed(channel, reply);
  });
}

void Subscriptions::on_confirmed(const std::string& channel, const Value& reply) {
  const auto at = channels_.find(channel);
  if (at == channels_.end()) return;  // unsubscribed meanwhile
  if (reply.kind == Value::Kind::error) {
    log_.error("subscribe_refused",
               {{"channel", shown(channel)}, {"node", node_.value}, {"reason", shown(reply.text)}});
    interrupted_.erase(channel);
  } else {
    at->second.confirmed = true;
  }
  tell_if_whole();
}

/// The listener is told once all that was interrupted is subscribed again, so that what it reads then is complete.
void Subscriptions::tell_if_whole() {
  const bool whole = std::all_of(interrupted_.begin(), interrupted_.end(),
                                 [&](const auto& name) { return channels_.at(name).confirmed; });
  if (interrupted_.empty() || !whole) return;
  const auto told = std::exchange(interrupted_, {});
  log_.info("subscription_interrupted", {{"node", node_.value}, {"channels", std::to_string(told.size())}});
  listener_.on_subscription_interrupted({node_, {told.begin(), told.end()}, interrupted_from_, loop_.now()});
}

// ---- The connection

void Subscriptions::on_up(Connection&) {
  backoff_.reset();
  log_.debug("pubsub_up", {{"node", node_.value}, {"endpoint", settings_.endpoint.text()}});
  for (const auto& entry : channels_) request(entry.first);
}

void Subscriptions::on_closed(Connection&, CloseReason reason, const std::string& detail) {
  move_on(hint_of(reason).value_or(HintKind::unavailable), std::string(text_of(reason)) + ": " + detail);
}

void Subscriptions::on_push(Connection&, Value push) {
  if (push.elements.size() != 3 || push.elements[0].text != "message") return;
  const auto at = channels_.find(push.elements[1].text);
  if (at == channels_.end()) return;
  const auto handler = at->second.handler;  // kept: it may unsubscribe itself
  if (*handler) (*handler)(push.elements[1].text, push.elements[2].text);
}

/// A subscriber hears nothing from a dead node either, so it has to ask: whenever nothing came for probe_timeout. An
/// answer that takes longer than that again is a reason to move, unlike on connections that carry calls: nobody would
/// notice the messages that do not come. Returns when to look again.
Duration Subscriptions::watch_over() {
  if (!connection_ || connection_->state() != Connection::State::up) return probe_timeout_;
  if (connection_->outstanding() > 0) {
    const Duration silence = connection_->silence();
    if (silence < probe_timeout_) return probe_timeout_ - silence;
    move_on(HintKind::silent, "no answer within probe_timeout");
    return probe_timeout_;
  }
  const Duration idle = loop_.now() - connection_->last_heard();
  if (idle < probe_timeout_) return probe_timeout_ - idle;
  connection_->send({"PING"}, [](Fate, Value&&) {});
  return probe_timeout_;
}

void Subscriptions::close() {
  closed_ = true;
  watch_timer_.reset();
  retry_.reset();
  connection_.reset();
}

}  // namespace dbha::redis
