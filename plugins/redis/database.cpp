#include "redis/database.hpp"

#include <algorithm>
#include <set>

#include "redis/calls.hpp"
#include "redis/deferred.hpp"
#include "redis/hints.hpp"
#include "redis/peers.hpp"
#include "redis/standby.hpp"
#include "redis/store.hpp"
#include "redis/subscriptions.hpp"
#include "redis/verdict.hpp"

namespace dbha::redis {
namespace {

constexpr Duration upkeep_period = std::chrono::seconds(1);
constexpr Duration ask_again_after = std::chrono::milliseconds(20);

/// An apply() that has not been reported yet.
struct Applying {
  std::function<void(Applied)> done;
  std::set<Endpoint> missing;  // have not answered since
};

class RedisDatabase final : public Database, private Peer::Listener {
 public:
  RedisDatabase(EventLoop& loop, Log& log, DatabaseListener& listener, const DatabaseSettings& settings,
                const Access& access, Duration tombstone_ttl);
  ~RedisDatabase() override = default;

  void apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked,
             std::function<void(Applied)> done) override;
  void submit(Call call, Completion done) override { calls_.submit(std::move(call), std::move(done)); }
  void publish(std::string channel, std::string message, Completion done) override {
    submit({.args = {"PUBLISH", std::move(channel), std::move(message)}}, std::move(done));
  }
  void subscribe(std::string channel, MessageHandler handler) override;
  void unsubscribe(const std::string& channel) override { subscriptions_.unsubscribe(channel); }
  void prepare_failover(const std::vector<NodeId>& primaries) override;
  VersionedStore* versioned_store() override { return store_.get(); }
  void close() override;

 private:
  void on_peer_up(Peer& peer) override;
  void on_peer_down(Peer& peer, CloseReason reason, const std::string& detail, bool again) override;
  void on_peer_silent(Peer& peer) override;
  bool peer_is_wanted(const Peer& peer) const override { return calls_.needs(peer) || standby_.wants(peer.endpoint()); }

  std::unique_ptr<Peer> make_peer(const Endpoint& endpoint);
  void ask_if_missing(const Endpoint& endpoint);
  void on_sign_of_life(const Endpoint& endpoint, const Value& reply);
  enum class Ending { answered_or_late, replaced };
  void report_applied(Ending ending = Ending::answered_or_late);
  void upkeep();

  EventLoop& loop_;
  Log& log_;
  DatabaseSettings settings_;
  Connection::Settings connection_settings_;
  Hints hints_;
  Deferred deferred_;
  Subscriptions subscriptions_;
  Calls calls_;  // before peers_, whose handlers point to it: connections must go first
  Peers peers_;
  const std::unique_ptr<VersionedStore> store_;  // after calls_, whose route it reads
  Standby standby_;
  std::uint64_t sessions_ = 0;  // numbers the connections
  std::optional<Applying> applying_;
  std::uint64_t apply_count_ = 0;  // tells answers for an earlier apply() from those for this one
  Timer apply_timer_;
  Timer ask_timer_;
  Timer upkeep_timer_;
  bool closed_ = false;
};

Connection::Settings settings_for_connections(const DatabaseSettings& settings, const Access& access) {
  return {.endpoint = {}, .access = access, .client_name = settings.client_name};
}

RedisDatabase::RedisDatabase(EventLoop& loop, Log& log, DatabaseListener& listener, const DatabaseSettings& settings,
                             const Access& access, Duration tombstone_ttl)
    : loop_(loop),
      log_(log),
      settings_(settings),
      connection_settings_(settings_for_connections(settings, access)),
      hints_(loop, listener),
      deferred_(loop),
      subscriptions_(loop, log, connection_settings_, settings.probe_timeout, listener),
      calls_(loop, settings, peers_, hints_),
      peers_([this](const Endpoint& endpoint) { return make_peer(endpoint); }),
      store_(make_store(loop, *this, calls_.route(), {settings.call_deadline, tombstone_ttl})),
      standby_(loop, peers_) {
  upkeep_timer_ = Timer(loop_, upkeep_period, [this]() -> std::optional<Duration> {
    upkeep();
    return upkeep_period;
  });
}

std::unique_ptr<Peer> RedisDatabase::make_peer(const Endpoint& endpoint) {
  Connection::Settings settings = connection_settings_;
  settings.endpoint = endpoint;
  Peer::Listener& self = *this;
  return std::make_unique<Peer>(loop_, std::move(settings), settings_.probe_timeout, self);
}

// ---- Topologies

void RedisDatabase::apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked,
                          std::function<void(Applied)> done) {
  if (closed_) return;
  if (applying_) report_applied(Ending::replaced);
  ++apply_count_;
  subscriptions_.apply(topology);
  calls_.apply(std::move(topology), marked);
  const auto& owners = calls_.route().owners();
  applying_ = Applying{std::move(done), {owners.begin(), owners.end()}};
  for (const Endpoint& owner : owners) ask_if_missing(owner);
  apply_timer_ =
      Timer(loop_, owners.empty() ? Duration(0) : settings_.apply_timeout, [this]() -> std::optional<Duration> {
        report_applied();
        return std::nullopt;
      });
}

/// A reply from before the topology proves nothing about now, so each owner is asked anew.
void RedisDatabase::ask_if_missing(const Endpoint& endpoint) {
  if (!applying_ || !applying_->missing.contains(endpoint)) return;
  Peer* peer = peers_.find(endpoint);
  if (!peer || !peer->connection()) return;  // on_peer_up() will ask
  peer->connection()->send({"PING"}, [this, endpoint, count = apply_count_](Fate fate, Value&& reply) {
    if (fate == Fate::replied && count == apply_count_ && applying_) on_sign_of_life(endpoint, reply);
  });
  peer->expect_answer();
}

void RedisDatabase::on_sign_of_life(const Endpoint& endpoint, const Value& reply) {
  if (reply.kind == Value::Kind::error && classify(reply.text) == ReplyAction::unavailable) {
    // It lives, but an event handler could not write to it yet.
    ask_timer_ = Timer(loop_, ask_again_after, [this]() -> std::optional<Duration> {
      if (!applying_) return std::nullopt;
      for (const Endpoint& missing : std::set(applying_->missing)) ask_if_missing(missing);
      return std::nullopt;
    });
    return;
  }
  applying_->missing.erase(endpoint);
  if (applying_->missing.empty()) report_applied();
}

void RedisDatabase::report_applied(Ending ending) {
  apply_timer_.reset();
  const Applying finished = *std::exchange(applying_, std::nullopt);
  Applied applied{.complete = finished.missing.empty(), .missing = {}};
  for (const Endpoint& endpoint : finished.missing) applied.missing.push_back(calls_.route().node_at(endpoint));
  if (!applied.complete && ending != Ending::replaced) {  // one that was replaced says nothing of the nodes
    log_.warning("apply_incomplete",
                 {{"missing", std::to_string(applied.missing.size())}, {"first", finished.missing.begin()->text()}});
  }
  if (finished.done) {
    deferred_.run([done = finished.done, applied = std::move(applied)] { done(applied); });
  }
}

// ---- Nodes

void RedisDatabase::on_peer_up(Peer& peer) {
  peer.session = ++sessions_;
  log_.info("node_up", {{"endpoint", peer.endpoint().text()}});
  ask_if_missing(peer.endpoint());
  calls_.peer_up();
}

void RedisDatabase::on_peer_down(Peer& peer, CloseReason reason, const std::string& detail, bool again) {
  if (closed_) return;
  const bool misconfigured =
      reason == CloseReason::tls || reason == CloseReason::auth || reason == CloseReason::no_room;
  log_.write(misconfigured ? LogLevel::error
             : again       ? LogLevel::debug
                           : LogLevel::warning,
             "node_down", {{"endpoint", peer.endpoint().text()}, {"reason", text_of(reason)}, {"detail", detail}});
  calls_.peer_down(peer, reason, detail, again);
  if (again) prepare_failover({calls_.route().node_at(peer.endpoint())});
}

void RedisDatabase::on_peer_silent(Peer& peer) {
  calls_.raise(HintKind::silent, peer.endpoint());
  prepare_failover({calls_.route().node_at(peer.endpoint())});
}

void RedisDatabase::prepare_failover(const std::vector<NodeId>& primaries) {
  const Topology* topology = calls_.route().topology();
  if (closed_ || !topology) return;
  for (const NodeId& primary : primaries) {
    if (!primary.empty()) standby_.expect_failover(*topology, primary);
  }
}

/// Each second: who has fallen silent, and who is needed no more.
void RedisDatabase::upkeep() {
  peers_.retire_if([&](const Peer& peer) {
    return peer.calls == 0 && loop_.now() - peer.idle_since >= upkeep_period && !peer_is_wanted(peer);
  });
  peers_.each([](Peer& peer) { peer.probe(); });
  standby_.tidy();
  hints_.tidy();
}

void RedisDatabase::subscribe(std::string channel, MessageHandler handler) {
  if (!closed_) subscriptions_.subscribe(std::move(channel), std::move(handler));
}

void RedisDatabase::close() {
  if (std::exchange(closed_, true)) return;
  upkeep_timer_.reset();
  apply_timer_.reset();
  ask_timer_.reset();
  standby_.close();
  applying_.reset();
  static_cast<void>(deferred_.take());
  subscriptions_.close();
  calls_.close();
  peers_.each([](Peer& peer) { peer.shut(); });
}

}  // namespace

std::unique_ptr<Database> make_database(EventLoop& loop, Log& log, DatabaseListener& listener,
                                        const DatabaseSettings& settings, const Access& access,
                                        Duration tombstone_ttl) {
  return std::make_unique<RedisDatabase>(loop, log, listener, settings, access, tombstone_ttl);
}

}  // namespace dbha::redis
