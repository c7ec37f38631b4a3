#include "redis/node_probe.hpp"

#include <utility>

#include "redis/text_fields.hpp"

namespace dbha::redis {
namespace {

/// A stopped node must not find thousands of questions when it wakes up: beyond that many commands without an answer,
/// the next question is known to get none in time. 300 ms of ROLE each 5 ms are 60.
constexpr std::size_t most_outstanding = 128;

Connection::Settings connection_settings(const ProbeSettings& settings, Endpoint endpoint) {
  Connection::Settings out;
  out.endpoint = std::move(endpoint);
  out.access = settings.access;
  out.client_name = settings.client_name;
  return out;
}

Connection::Settings subscriber(Connection::Settings settings) {
  settings.subscriber = true;
  return settings;
}

/// The signal that a question serves alone; a view serves all that is concluded.
std::optional<Signal> signal_of(Question question) {
  switch (question) {
    case Question::view:
      return std::nullopt;
    case Question::role:
      return Signal::role;
    case Question::epoch:
      return Signal::epoch;
    case Question::alive:
      return Signal::heartbeat;
  }
  return std::nullopt;
}

std::string login_refused(const Endpoint& endpoint, const CredentialsFile* login, const std::string& detail) {
  const auto where = endpoint.text();
  if (!login || login->current().password.empty())
    return where + " does not let us in without a login: set username and password_file (" + shown(detail) + ")";
  const auto& username = login->current().username;
  const auto user = username.empty() ? "default" : username;
  return where + " refused the login of user '" + user + "': check username and password_file (" + shown(detail) + ")";
}

}  // namespace

NodeProbe::NodeProbe(EventLoop& loop, Log& log, const ProbeSettings& settings, Endpoint endpoint,
                     TopologySourceListener& listener)
    : loop_(loop),
      log_(log),
      listener_(listener),
      settings_(settings),
      parked_(loop, log, subscriber(connection_settings(settings, endpoint)),
              {[this](Partition slot) { send_hint(HintKind::demoted, slot); },
               [this] { listener_.on_forbidden(this->endpoint(), Signal::channel, ParkedChannel::acl_rule); },
               [this] { listener_.on_permitted(this->endpoint(), Signal::channel); }}),
      link_(loop, connection_settings(settings, std::move(endpoint)), *this) {}

std::vector<NodeProbe::Asked> NodeProbe::retire() {
  link_.close();
  parked_.close();
  deadline_.reset();
  answer_soon_.reset();
  auto unanswered = std::exchange(unsendable_, {});
  for (const auto& asked : std::exchange(early_, {})) unanswered.push_back(asked);
  for (const auto& [id, pending] : std::exchange(pending_, {})) unanswered.push_back(pending.asked);
  return unanswered;
}

// ---- Asking

void NodeProbe::ask(Question question) {
  if (!opened_) {  // the first connection is begun a moment after this object is made: what is asked meanwhile goes
                   // with it
    early_.push_back({question, loop_.now()});
    return;
  }
  Connection* connection = link_.connection();
  if (connection && connection->outstanding() < most_outstanding) {
    send(question, *connection);
  } else {
    answer_later({question, loop_.now()});
  }
}

void NodeProbe::send(Question question, Connection& connection) {
  const auto id = next_id_++;
  const auto commands = commands_of(question);
  Pending pending;
  pending.asked = {question, loop_.now()};
  pending.commands = pending.missing = commands.size();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    pending.requests[i] = connection.send(
        commands[i], [this, id, i](Fate fate, Value&& value) { on_reply(id, i, fate, std::move(value)); });
  }
  pending_.emplace(id, std::move(pending));
  arm_deadline();
}

void NodeProbe::on_reply(QuestionId id, std::size_t index, Fate fate, Value&& value) {
  if (fate != Fate::replied) return;  // on_link_lost() follows and knows why
  const auto it = pending_.find(id);
  if (it == pending_.end()) return;  // a late reply: its question has been answered with "no answer"
  it->second.replies[index] = std::move(value);
  if (--it->second.missing > 0) return;
  finish(pending_.extract(it).mapped());
}

void NodeProbe::finish(const Pending& pending) {
  if (loop_.now() - pending.asked.at > settings_.probe_timeout) {
    listener_.on_no_answer(endpoint(), pending.asked.question, pending.asked.at);
    return;
  }
  const std::span replies(pending.replies.data(), pending.commands);
  const auto signal = signal_of(pending.asked.question);
  if (signal && replies[0].kind == Value::Kind::error && replies[0].text.starts_with("NOPERM"))
    return listener_.on_forbidden(endpoint(), *signal, acl_rule(commands_of(pending.asked.question)[0]));
  auto answer = read_answer(pending.asked.question, replies, endpoint(), username());
  if (!std::holds_alternative<NotServing>(answer)) not_serving_ = false;
  std::visit([&](auto&& value) { deliver(std::forward<decltype(value)>(value), pending.asked); }, std::move(answer));
}

/// An endpoint is no identity: after a reconnect another node may answer there. So each connection asks first.
void NodeProbe::ask_who(Connection& connection) {
  node_ = {};
  connection.send({"CLUSTER", "MYID"}, [this](Fate fate, Value&& reply) {
    if (fate != Fate::replied || reply.kind != Value::Kind::text || !is_plain_word(reply.text)) return;
    node_ = last_node_ = {std::move(reply.text)};
  });
}

// ---- Answers

void NodeProbe::deliver(View view, const Asked& asked) {
  node_ = last_node_ = view.node;
  if (settings_.signals.has(Signal::channel)) parked_.follow(view);
  view.asked = asked.at;
  view.answered = loop_.now();
  listener_.on_view(std::move(view));
}

void NodeProbe::deliver(const RoleReply& reply, const Asked& asked) {
  listener_.on_role({node_, endpoint(), asked.at, loop_.now(), reply.role, reply.primary, reply.synced});
}

void NodeProbe::deliver(const ClusterInfo& info, const Asked& asked) {
  listener_.on_epoch(
      {node_, endpoint(), asked.at, loop_.now(), info.ok, info.current_epoch, info.own_epoch, info.known_nodes});
}

void NodeProbe::deliver(Alive, const Asked& asked) {
  listener_.on_alive(endpoint(), node_, asked.at, loop_.now());
}

void NodeProbe::deliver(const NotServing& state, const Asked& asked) {
  if (!std::exchange(not_serving_, true)) {
    log_.warning("node_not_serving", {{"endpoint", endpoint().text()}, {"reply", shown(state.error)}});
    send_hint(HintKind::unavailable, std::nullopt, shown(state.error));
  }
  listener_.on_no_answer(endpoint(), asked.question, asked.at);
}

void NodeProbe::deliver(const Unusable& state, const Asked&) {
  listener_.on_unusable(endpoint(), state.reason);
}

void NodeProbe::answer_later(const Asked& asked) {
  unsendable_.push_back(asked);
  if (unsendable_.size() > 1) return;
  answer_soon_ = Timer(loop_, Duration(0), [this]() -> std::optional<Duration> {
    for (const auto& waiting : std::exchange(unsendable_, {})) answer_without_node(waiting);
    return std::nullopt;
  });
}

void NodeProbe::answer_without_node(const Asked& asked) {
  if (unusable_.empty()) {
    listener_.on_no_answer(endpoint(), asked.question, asked.at);
  } else {
    listener_.on_unusable(endpoint(), unusable_);
  }
}

void NodeProbe::fail_pending() {
  for (const auto& [id, pending] : std::exchange(pending_, {})) answer_without_node(pending.asked);
}

// ---- Deadlines

void NodeProbe::arm_deadline() {
  if (std::exchange(deadline_armed_, true)) return;
  deadline_ = Timer(loop_, settings_.probe_timeout, [this] { return expire(); });
}

std::optional<Duration> NodeProbe::expire() {
  const auto now = loop_.now();
  while (!pending_.empty()) {
    const auto first = pending_.begin();
    const auto left = first->second.asked.at + settings_.probe_timeout - now;
    if (left > Duration(0)) return left;
    const auto overdue = pending_.extract(first);
    withdraw(overdue.mapped());
    link_.doubt();
    listener_.on_no_answer(endpoint(), overdue.mapped().asked.question, overdue.mapped().asked.at);
  }
  deadline_armed_ = false;
  return std::nullopt;
}

/// What has not left yet need not leave any more.
void NodeProbe::withdraw(const Pending& pending) {
  Connection* connection = link_.connection();
  for (std::size_t i = 0; connection && i < pending.commands; ++i) connection->withdraw(pending.requests[i]);
}

// ---- The connection

void NodeProbe::on_link_opened(Connection& connection) {
  ask_who(connection);
  opened_ = true;
  for (const auto& asked : std::exchange(early_, {})) ask(asked.question);
}

void NodeProbe::on_link_up() {
  if (last_loss_) log_.info("node_reached", {{"endpoint", endpoint().text()}});
  last_loss_.reset();
  unusable_.clear();
}

void NodeProbe::on_link_replaced(Connection& connection) {
  log_.info("silent_connection_replaced", {{"endpoint", endpoint().text()}});
  ask_who(connection);
  parked_.close();  // as dead as the other one; the next view opens it again
  fail_pending();
}

void NodeProbe::on_link_lost(CloseReason reason, const std::string& detail, bool was_up) {
  parked_.close();
  if (is_news(reason, was_up)) {
    log_.warning("node_lost",
                 {{"endpoint", endpoint().text()}, {"reason", text_of(reason)}, {"detail", shown(detail)}});
    note_unusable(reason, detail);
    if (was_up) {
      send_hint(HintKind::connection_lost, std::nullopt, detail);
    } else if (reason == CloseReason::timeout) {
      send_hint(HintKind::silent, std::nullopt, detail);
    } else if (reason == CloseReason::resolve || reason == CloseReason::refused || reason == CloseReason::no_room ||
               reason == CloseReason::lost) {
      send_hint(HintKind::refused, std::nullopt, detail);
    }
  }
  fail_pending();
}

/// The tries of one outage end alike; only the first and a change are worth a line and a hint.
bool NodeProbe::is_news(CloseReason reason, bool was_up) {
  return was_up || std::exchange(last_loss_, reason) != reason;
}

std::string NodeProbe::username() const {
  return settings_.access.credentials ? settings_.access.credentials->current().username : "";
}

void NodeProbe::note_unusable(CloseReason reason, const std::string& detail) {
  unusable_.clear();
  if (reason == CloseReason::auth) unusable_ = login_refused(endpoint(), settings_.access.credentials, detail);
  if (reason == CloseReason::tls)
    unusable_ = endpoint().text() + " cannot be reached by TLS: " + detail +
                ": check tls_ca_file, tls_server_name and tls_cert_file";
  if (reason == CloseReason::protocol)
    unusable_ = endpoint().text() + " does not speak the Redis protocol (" + shown(detail) + ")";
}

void NodeProbe::send_hint(HintKind kind, std::optional<Partition> slot, std::string detail) {
  listener_.on_hint({kind, last_node_, endpoint(), slot, std::move(detail)});
}

}  // namespace dbha::redis
