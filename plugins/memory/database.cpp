#include "memory/database.hpp"

#include <set>
#include <utility>

#include "memory/calls.hpp"
#include "memory/store.hpp"
#include "memory/subscriptions.hpp"

namespace dbha::memory {
namespace {

/// An apply() that has not been reported yet.
struct Applying {
  std::function<void(Applied)> done;
  std::set<Endpoint> missing;  // have not answered since
};

class MemoryDatabase final : public Database, private Peers::Listener {
 public:
  MemoryDatabase(const std::shared_ptr<Server>& server, EventLoop& loop, Log& log, DatabaseListener& listener,
                 const DatabaseSettings& settings);

  void apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked,
             std::function<void(Applied)> done) override;
  void submit(Call call, Completion done) override { calls_.submit(std::move(call), std::move(done)); }
  void publish(std::string channel, std::string message, Completion done) override {
    submit({.args = {"PUBLISH", std::move(channel), std::move(message)}}, std::move(done));
  }
  void subscribe(std::string channel, MessageHandler handler) override {
    if (!closed_) subscriptions_.subscribe(std::move(channel), std::move(handler));
  }
  void unsubscribe(const std::string& channel) override { subscriptions_.unsubscribe(channel); }
  VersionedStore* versioned_store() override { return &store_; }
  void close() override;

 private:
  void on_peer_up(const Endpoint& endpoint) override;
  void on_peer_down(const Endpoint& endpoint, bool again) override;
  void on_peer_silent(const Endpoint& endpoint) override { calls_.raise(HintKind::silent, endpoint); }
  bool peer_is_wanted(const Endpoint& endpoint) const override { return calls_.needs(endpoint); }

  void ask_if_missing(const Endpoint& endpoint);
  void on_sign_of_life(const Endpoint& endpoint);
  void report_applied();

  EventLoop& loop_;
  Log& log_;
  const DatabaseSettings settings_;
  Line line_;
  Hints hints_;
  Peers peers_;
  Calls calls_;
  Subscriptions subscriptions_;
  MemoryStore store_;
  std::optional<Applying> applying_;
  std::uint64_t apply_count_ = 0;  // tells answers for an earlier apply() from those for this one
  Timer apply_timer_;
  bool closed_ = false;
};

MemoryDatabase::MemoryDatabase(const std::shared_ptr<Server>& server, EventLoop& loop, Log& log,
                               DatabaseListener& listener, const DatabaseSettings& settings)
    : loop_(loop),
      log_(log),
      settings_(settings),
      line_(server, loop),
      hints_(loop, line_, listener),
      peers_(loop, line_, settings.probe_timeout, *this),
      calls_(loop, line_, peers_, hints_, settings, server->settings().partitions),
      subscriptions_(loop, line_, hints_, settings.client_name, settings.probe_timeout, listener),
      store_(*this, calls_.route(), server->settings().partitions) {
  line_.observe({.lost =
                     [this](const Endpoint& at) {
                       peers_.lost(at);
                       if (!closed_) subscriptions_.on_lost(at);
                     },
                 .demoted = {},
                 .message = [this](const Endpoint& at, const std::string& channel,
                                   const std::string& message) { subscriptions_.on_message(at, channel, message); }});
}

// ---- Topologies

void MemoryDatabase::apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked,
                           std::function<void(Applied)> done) {
  if (closed_) return;
  if (applying_) report_applied();
  ++apply_count_;
  subscriptions_.apply(topology);
  calls_.apply(std::move(topology), marked);
  const auto& owners = calls_.route().owners();
  applying_ = Applying{std::move(done), {owners.begin(), owners.end()}};
  for (const Endpoint& owner : owners) ask_if_missing(owner);
  apply_timer_ =
      Timer(loop_, owners.empty() ? Duration(0) : settings_.apply_timeout, [this]() -> std::optional<Duration> {
        if (!applying_->missing.empty())
          log_.warning("apply_incomplete", {{"missing", std::to_string(applying_->missing.size())},
                                            {"first", applying_->missing.begin()->text()}});
        report_applied();
        return std::nullopt;
      });
}

/// An answer from before the topology proves nothing about now, so each owner is asked anew.
void MemoryDatabase::ask_if_missing(const Endpoint& endpoint) {
  if (!applying_ || !applying_->missing.contains(endpoint)) return;
  line_.call(endpoint, {"PING"}, [this, endpoint, count = apply_count_](const std::optional<Value>& reply) {
    if (reply && count == apply_count_ && applying_) on_sign_of_life(endpoint);
  });
}

void MemoryDatabase::on_sign_of_life(const Endpoint& endpoint) {
  applying_->missing.erase(endpoint);
  if (applying_->missing.empty()) report_applied();
}

void MemoryDatabase::report_applied() {
  apply_timer_.reset();
  const Applying finished = *std::exchange(applying_, std::nullopt);
  Applied applied{.complete = finished.missing.empty(), .missing = {}};
  for (const Endpoint& endpoint : finished.missing) applied.missing.push_back(calls_.route().node_at(endpoint));
  if (finished.done) line_.later([done = finished.done, applied = std::move(applied)] { done(applied); });
}

// ---- Nodes

void MemoryDatabase::on_peer_up(const Endpoint& endpoint) {
  log_.info("node_up", {{"endpoint", endpoint.text()}});
  ask_if_missing(endpoint);
  calls_.peer_up();
}

void MemoryDatabase::on_peer_down(const Endpoint& endpoint, bool again) {
  if (closed_) return;
  log_.write(again ? LogLevel::debug : LogLevel::warning, "node_down", {{"endpoint", endpoint.text()}});
  calls_.peer_down(endpoint, again);
}

void MemoryDatabase::close() {
  if (std::exchange(closed_, true)) return;
  apply_timer_.reset();
  applying_.reset();
  line_.close();
  subscriptions_.close();
  peers_.close();
  calls_.close();
}

}  // namespace

std::unique_ptr<Database> make_database(const std::shared_ptr<Server>& server, EventLoop& loop, Log& log,
                                        DatabaseListener& listener, const DatabaseSettings& settings) {
  return std::make_unique<MemoryDatabase>(server, loop, log, listener, settings);
}

}  // namespace dbha::memory
