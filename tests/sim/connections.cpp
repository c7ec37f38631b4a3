#include "connections.hpp"

#include <charconv>

namespace dbha::sim {
namespace {

using std::chrono::milliseconds;

constexpr Duration reconnect_after = milliseconds(50);
constexpr Duration hint_once_in = milliseconds(100);

/// "MOVED p host:port"
std::optional<Endpoint> moved_to(const std::string& error) {
  if (!error.starts_with("MOVED ")) return std::nullopt;
  const auto space = error.rfind(' ');
  const auto colon = error.rfind(':');
  if (colon == std::string::npos || colon < space) return std::nullopt;
  std::uint16_t port = 0;
  std::from_chars(error.data() + colon + 1, error.data() + error.size(), port);
  return Endpoint{error.substr(space + 1, colon - space - 1), port};
}

}  // namespace

Connections::Connections(Site& site, Random random, Raise raise)
    : site_(site), random_(random), raise_(std::move(raise)) {}

const Node* Connections::owner(Partition partition) const {
  return topology_ ? topology_->owner(partition) : nullptr;
}

// ---- Topologies

void Connections::apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked,
                        std::function<void(Applied)> done) {
  topology_ = std::move(topology);
  applied_ = std::move(done);
  const std::uint64_t count = ++apply_count_;
  for (auto& [id, flight] : flights_) {
    const Node* to = owner(flight.partition);
    if (to && to->endpoint != flight.at && marked.find(flight.partition)) flight.owner_failed = true;
  }
  missing_.clear();
  for (const auto& entry : topology_->claims)
    if (const Node* node = topology_->node(entry.value.owner)) missing_.insert(node->endpoint);
  for (const Endpoint& endpoint : missing_) greet(endpoint, random_.between({}, milliseconds(2)));
  site_.clock.after(missing_.empty() ? Duration(0) : apply_timeout, life_.guard([this, count] {
    if (count == apply_count_) report_applied();
  }));
}

void Connections::greet(const Endpoint& endpoint, Duration after) {
  site_.clock.after(after, life_.guard([this, endpoint, count = apply_count_] {
    if (count != apply_count_ || !applied_) return;
    site_.cluster.call(endpoint, {"PING"}, life_.guard([this, endpoint, count](const std::optional<Value>& reply) {
      if (count == apply_count_ && applied_) on_greeted(endpoint, reply);
    }));
  }));
}

void Connections::on_greeted(const Endpoint& endpoint, const std::optional<Value>& reply) {
  if (!reply || reply->kind == Value::Kind::error) return greet(endpoint, reconnect_after);
  missing_.erase(endpoint);
  if (missing_.empty()) report_applied();
}

void Connections::report_applied() {
  if (!applied_) return;
  Applied applied{.complete = missing_.empty(), .missing = {}};
  for (const auto& node : topology_->nodes)
    if (missing_.contains(node.endpoint)) applied.missing.push_back(node.id);
  std::exchange(applied_, nullptr)(applied);
}

// ---- Writes

void Connections::set(const std::string& key, Partition partition, std::uint64_t token,
                      std::function<void(bool)> done) {
  const FlightId id = next_flight_++;
  const Node* to = owner(partition);
  Flight& flight = flights_[id];
  flight = {key, partition, token, to ? to->endpoint : Endpoint{}, 1, false, std::move(done)};
  site_.clock.after(to ? call_deadline : Duration(0), life_.guard([this, id] { land(id, false); }));
  if (to) send(id);
}

void Connections::send(FlightId id) {
  const Flight& flight = flights_.at(id);
  site_.cluster.call(flight.at, {"SET", flight.key, std::to_string(flight.token)},
                     life_.guard([this, id](const std::optional<Value>& reply) { on_reply(id, reply); }));
}

void Connections::on_reply(FlightId id, const std::optional<Value>& reply) {
  const auto found = flights_.find(id);
  if (found == flights_.end()) return;  // its deadline has passed
  const Flight& flight = found->second;
  if (!reply) {
    hint(HintKind::refused, flight.at, flight.partition);
    return land(id, false);
  }
  if (reply->kind != Value::Kind::error) return land(id, !flight.owner_failed);
  if (flight.redirects > 0 && moved_to(reply->text)) return redirect(id, reply->text);
  if (reply->text.starts_with("CLUSTERDOWN")) hint(HintKind::unavailable, flight.at, flight.partition);
  land(id, false);
}

void Connections::redirect(FlightId id, const std::string& error) {
  Flight& flight = flights_.at(id);
  hint(HintKind::redirected, flight.at, flight.partition);
  flight.at = *moved_to(error);
  --flight.redirects;
  send(id);
}

void Connections::land(FlightId id, bool acknowledged) {
  auto flight = flights_.extract(id);
  if (flight) flight.mapped().done(acknowledged);
}

void Connections::hint(HintKind kind, const Endpoint& endpoint, Partition partition) {
  const TimePoint now = site_.clock.now();
  const auto [last, first] = raised_.try_emplace({kind, endpoint}, now);
  if (!first && now - last->second < hint_once_in) return;
  last->second = now;
  raise_({kind, {}, endpoint, partition});
}

}  // namespace dbha::sim
