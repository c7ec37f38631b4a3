#pragma once
/// The whole model: the nodes, the wires between them, and what they do. One class, because all of it shares the nodes,
/// the clock and the seed; one source file an idea: gossip, failure, election, ordered_failover, replication, commands,
/// entries, clients, faults, operator, reshape, standing.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/cluster.hpp"
#include "model/cluster_node.hpp"
#include "model/random.hpp"
#include "model/truth.hpp"

namespace dbha::memory {

class World {
 public:
  World(Clock& clock, ClusterSettings settings);
  ~World() { *alive_ = false; }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// The node with that number; throws std::invalid_argument if there is none.
  const ClusterNode& node(std::size_t number) const { return nodes_[checked(number)]; }
  const ClusterSettings& settings() const { return settings_; }
  std::size_t size() const { return nodes_.size(); }
  const std::vector<TrueChange>& changes() const { return changes_; }

  // ---- clients.cpp
  void ask(const Endpoint& endpoint, const std::function<void(std::optional<View>)>& answer);
  void call(const Endpoint& endpoint, std::vector<std::string> args,
            const std::function<void(std::optional<Value>)>& answer);
  Cluster::ObserverId observe(Cluster::Observer observer);
  void forget(Cluster::ObserverId id) { observers_.erase(id); }
  void hide(const std::set<std::size_t>& nodes);

  // ---- faults.cpp
  void kill(std::size_t number);
  void start(std::size_t number);
  void stop(std::size_t number);
  void resume(std::size_t number);
  void restart_in_place(std::size_t number, Duration down_for);
  void isolate(const std::set<std::size_t>& nodes);
  void freeze_view(std::size_t number);
  void thaw_view(std::size_t number);

  // ---- ordered_failover.cpp
  void failover(std::size_t number, FailoverMode mode);

  // ---- reshape.cpp
  void move(PartitionRange range, std::size_t from, std::size_t to, Duration pace);
  std::size_t add_node();
  void replicate(std::size_t number, std::size_t primary);
  void remove(std::size_t number);

  // ---- operator.cpp
  void raise_epoch(std::size_t number);
  void disown(std::size_t number);
  void reset(std::size_t number);
  void readdress(std::size_t number);
  void rebuild();

  // ---- reshape.cpp
  void del_partitions(PartitionRange range);
  void add_partitions(PartitionRange range, std::size_t to);

  // ---- standing.cpp
  std::optional<std::size_t> owner(Partition partition) const;
  bool in_sync(std::size_t replica) const;
  bool promoted(std::size_t number) const;
  bool agreed() const;
  Partition partition_of(std::string_view key) const;
  std::optional<std::string> value_at(std::size_t number, const std::string& key) const;

 private:
  using Task = std::function<void()>;

  // ---- world.cpp: time, wires and the first day
  TimePoint now() const { return clock_.now(); }
  template <class F>
  void after(Duration delay, F task) {
    clock_.after(delay, [alive = alive_, task = std::move(task)]() mutable {
      if (*alive) task();
    });
  }
  Index checked(std::size_t number) const;
  Index running(std::size_t number, const char* verb) const;
  bool reaches(Index from, Index to) const { return cut_off_.contains(from) == cut_off_.contains(to); }
  /// Carries a message; what one node sends another arrives in order, or never.
  void send(Index from, Index to, Task receive);
  void arrive(Index from, Index to, Task receive);
  void found();
  void be_forgotten(Index i);
  void found_node(Index i, Role role, Index primary, Epoch epoch);
  Known& self(Index i) { return *nodes_[i].picture.find(i); }
  const Known& self(Index i) const { return *nodes_[i].picture.find(i); }
  /// Its picture has changed: what it announces does too.
  void changed(Index i) { ++nodes_[i].version; }
  /// Compares who owns what with before, and keeps a record.
  /// How an owner that is another now became it.
  void note_truth(TrueChange::Kind how = TrueChange::Kind::failover);

  // ---- gossip.cpp
  void begin_ticks(Index i, Duration first);
  void tick(Index i);
  std::shared_ptr<const Announcement> announcement(Index i);
  enum class Answer { wanted, none };
  void tell(Index from, Index to, Answer answer);
  void tell_stranger(Index from, Index to);
  void tell_all(Index from);
  /// Nothing that the node says reaches the others for a while.
  void delay_news(Index from, Duration least, Duration most);
  void hear(Index i, const Announcement& said, Answer answer);
  void heed(Index i, const Announcement& said);
  bool learn_nodes(Index i, const Announcement& said);
  void learn_role(Index i, Known& sender, const Announcement& said);
  /// True: the sender was told that one of its claims is outdated.
  bool learn_claims(Index i, const Announcement& said);
  void rebind(Index i, Index claimant, Epoch epoch, const PartitionSet& claims);
  void update(Index i, Index claimant, Epoch epoch, const PartitionSet& claims);
  void resolve_collision(Index i, const Announcement& said);
  void bump_epoch(Index i);
  void become_replica(Index i, Index primary);

  // ---- failure.cpp
  void watch_others(Index i);
  void take_reports(Index i, const Announcement& said);
  void judge(Index i, Index about);
  void mark_failed(Index i, Index about);
  void seen_alive(Index i, Index other);
  void judge_state(Index i);
  bool should_serve(Index i);

  // ---- election.cpp
  void consider_election(Index i);
  void ask_for_votes(Index i);
  bool may_vote(Index voter, Index replica, Epoch epoch, Epoch claim_epoch, const PartitionSet& claims, bool ordered);
  void vote(Index voter, Index replica, Epoch epoch, Epoch claim_epoch, const PartitionSet& claims, bool ordered);
  void take_vote(Index i, Index voter, Epoch epoch);
  void promote(Index i, Epoch epoch);
  Duration rank_delay(Index i) const;

  // ---- ordered_failover.cpp
  void begin_graceful(Index i);
  void catch_up(Index i, std::int64_t offset);
  void end_ordered(Index i);
  void end_pause(Index i);

  // ---- replication.cpp
  void write(Index i, const std::string& key, std::optional<std::string> value);
  void replicate_write(Index from, Index to, Partition partition, const std::string& key,
                       const std::optional<std::string>& value);
  void drop_data(Index i, const PartitionSet& partitions);
  void drop_link(Index i);
  void drop_replicas_of(Index i);
  bool can_sync(Index i) const;
  void try_sync(Index i);
  void finish_sync(Index i, bool partial);

  // ---- commands.cpp
  Value execute(Index i, const std::vector<std::string>& args);
  Value execute_keyed(Index i, const std::vector<std::string>& args);
  std::optional<std::string> redirection(Index i, Partition partition) const;
  void publish(Index i, const std::string& channel, const std::string& message);

  // ---- entries.cpp
  Value execute_entry(Index i, const std::vector<std::string>& args);
  Value next_number(Index i, const std::vector<std::string>& args, const std::string* held);
  Value scan_entries(Index i, const std::vector<std::string>& args) const;

  // ---- clients.cpp, view.cpp
  std::optional<Index> at(const Endpoint& endpoint) const;
  Endpoint free_endpoint(std::uint16_t port) const;
  void request(const Endpoint& endpoint, std::function<void(Index)> serve, Task lost);
  void take_request(const Request& request);
  void lose(std::vector<Request> requests);
  /// Carries something from a node to a client.
  void to_client(Index i, Duration delay, Task task);
  void observers_lost(Index i);
  void observers_demoted(Index i);
  void run_call(Index i, const std::vector<std::string>& args, const std::function<void(std::optional<Value>)>& answer,
                const Task& lost);
  View view(Index i) const;

  // ---- standing.cpp
  bool same_picture(Index a, Index b) const;

  // ---- reshape.cpp
  bool can_move(PartitionRange range, Index from, Index to) const;
  void move_at_once(PartitionRange range, Index from, Index to);
  void move_on(PartitionRange range, Index from, Index to, Duration pace);
  void move_data(PartitionRange range, Index from, Index to);
  void release_moved(PartitionRange range, Index from, Index to);

  Clock& clock_;
  const ClusterSettings settings_;
  Random random_;
  std::vector<ClusterNode> nodes_;
  std::set<Index> cut_off_;
  std::set<Index> hidden_;
  std::map<Index, std::vector<Task>> behind_wall_;  // between clients and hidden nodes, both ways
  std::uint64_t era_ = 0;                           ///< rises with each rebuilding: what was said before is not heard
  std::map<Cluster::ObserverId, std::shared_ptr<const Cluster::Observer>> observers_;
  Cluster::ObserverId next_observer_ = 1;
  std::uint64_t next_number_ = 1;
  PartitionMap<Holder> holders_;
  std::vector<TrueChange> changes_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dbha::memory
