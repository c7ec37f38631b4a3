#pragma once
/// A database of shards and replicas inside the process, which behaves as a Redis Cluster does where that matters to
/// HA: each node has its own picture of the others, news travels by gossip and reaches everybody at another time, the
/// primaries elect a replica of a primary that has failed, replication is asynchronous, and a node that comes back
/// hands out the map it died with. All of it happens on the given clock and follows from the seed.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <dbha/backend.hpp>

#include "model/clock.hpp"

namespace dbha::memory {

struct ClusterSettings {
  std::uint32_t partitions = 16384;
  std::uint32_t shards = 3;
  std::uint32_t replicas = 1;  ///< of each shard
  Duration node_timeout = std::chrono::seconds(1);
  Duration latency = std::chrono::microseconds(150);        ///< one way, between a client and a node
  Duration replication_lag = std::chrono::milliseconds(2);  ///< at most; each write has its own
  std::uint64_t seed = 1;
};

enum class NodeState { running, stopped, down };
enum class FailoverMode { graceful, force, takeover };

/// A change of what a partition's owner is or holds, as it truly happened: what a test compares with what the detector
/// made of it.
struct TrueChange {
  enum class Kind {
    failover,  ///< a replica became the owner: writes may be gone
    restart,   ///< the owner came back without its data
    reshard,   ///< partitions moved with their data: nothing is gone
    assigned,  ///< nobody's partitions were given to another owner, without their data
  };
  Kind kind;
  TimePoint at;
  NodeId before;
  NodeId after;
  std::vector<PartitionRange> partitions;
};

class Cluster {
 public:
  /// Shards are numbered from 0. Primaries are nodes 0 to shards-1; replica r of shard s is node shards * (r + 1) + s;
  /// later ones are appended. It stands, agreed and in sync, when the constructor returns. The clock outlives it.
  Cluster(Clock& clock, ClusterSettings settings);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // ---- What clients see

  using Gone = std::monostate;  ///< the connection is lost, or was refused

  /// What the node says of itself and of the others, as of the moment when the question reaches it. Exactly one answer
  /// comes; from a stopped node not before it goes on, and from one that the client cannot reach not before it can.
  /// nullopt: the node is down, or went down before it answered.
  void ask(const Endpoint& endpoint, const std::function<void(std::optional<View>)>& answer);

  /// A client's command, upper case first word: PING, GET k, SET k v, DEL k..., INCR k, EXISTS k, PUBLISH c m, those of
  /// versioned entries (entries.cpp), and errors in the words of Redis: "MOVED p host:port", "CLUSTERDOWN ...",
  /// "LOADING ...", "ERR ...". One answer, as with ask().
  void call(const Endpoint& endpoint, std::vector<std::string> args,
            const std::function<void(std::optional<Value>)>& answer);

  /// Called when a connection to the node is lost, a few ms after the node went down; when the node is no primary any
  /// more, or lost partitions; and with each message published, wherever it was.
  struct Observer {
    std::function<void(const Endpoint&)> lost;
    std::function<void(const Endpoint&)> demoted;
    std::function<void(const Endpoint& at, const std::string& channel, const std::string& message)> message;
  };
  using ObserverId = std::uint64_t;
  ObserverId observe(Observer observer);
  void forget(ObserverId id);

  Partition partition_of(std::string_view key) const;

  // ---- What befalls it. A verb for a node that is not in the state for it throws std::invalid_argument and says why.

  std::size_t size() const;  ///< nodes ever made; a removed one is down and unknown to the others
  const NodeId& id(std::size_t node) const;
  const Endpoint& endpoint(std::size_t node) const;

  void kill(std::size_t node);    ///< connections break; unreplicated writes are gone
  void start(std::size_t node);   ///< after kill: a new life without data, with the map and epoch it died with
  void stop(std::size_t node);    ///< SIGSTOP: neither answers nor dies; what is sent to it waits
  void resume(std::size_t node);  ///< after stop
  /// kill and start faster than anybody suspects it: the same owner, empty, after `down_for`.
  void restart_in_place(std::size_t node, Duration down_for = std::chrono::milliseconds(50));
  /// Begins; promoted() of the replica tells when it is done. graceful: no write is lost. takeover asks nobody.
  void failover(std::size_t replica, FailoverMode mode = FailoverMode::graceful);
  /// Moves partitions with their data to another primary, `pace` apart from each other (0: all at once).
  void move(PartitionRange range, std::size_t from, std::size_t to, Duration pace = Duration(0));
  /// Cuts these nodes off from the others; clients still reach them. A second call replaces the first; an empty set
  /// heals.
  void isolate(const std::set<std::size_t>& nodes);
  /// Clients do not reach these nodes, but the others do; as isolate().
  void hide(const std::set<std::size_t>& nodes);
  /// The node goes on handing out the map that it has now, whatever it learns (a stale view), until thaw().
  void freeze_view(std::size_t node);
  void thaw_view(std::size_t node);
  std::size_t add_node();                                 ///< an empty primary that all get to know
  void replicate(std::size_t node, std::size_t primary);  ///< of a node without partitions
  void remove(std::size_t node);  ///< kills it and makes all others forget it; it must own nothing
  /// CLUSTER BUMPEPOCH: its claims get an epoch above all that it has heard of, and nobody is asked.
  void raise_epoch(std::size_t node);
  /// CLUSTER FORGET of a living node, at all others: it is none of theirs any more, though it may not know.
  void disown(std::size_t node);
  /// CLUSTER RESET of a replica, which the others then meet again as an empty primary.
  void reset(std::size_t node);
  /// It will come back at another port. It must be down.
  void readdress(std::size_t node);
  /// A new cluster at the addresses of the first day: other ids, no data, epochs from 1.
  void rebuild();
  /// Leaves partitions without an owner, or gives unowned ones to a primary, without data; for all nodes at once.
  void del_partitions(PartitionRange range);
  void add_partitions(PartitionRange range, std::size_t to);

  // ---- What is true, for tests and for people

  const ClusterSettings& settings() const;
  NodeState state(std::size_t node) const;
  bool removed(std::size_t node) const;
  Role role(std::size_t node) const;                              ///< what it says of itself
  std::optional<std::size_t> primary_of(std::size_t node) const;  ///< of a replica
  const RunId& run_id(std::size_t node) const;
  const ReplId& replid(std::size_t node) const;
  Epoch current_epoch(std::size_t node) const;  ///< the greatest that it has heard of
  /// The running node that claims the partition itself with the highest epoch.
  std::optional<std::size_t> owner(Partition partition) const;
  /// The partitions that the node claims itself.
  std::vector<PartitionRange> owned_by(std::size_t node) const;
  bool in_sync(std::size_t replica) const;
  bool promoted(std::size_t node) const;  ///< it is a primary that owns partitions
  /// All running nodes that reach each other hold the same map, name the same primaries, and serve; every replica is
  /// in sync.
  bool agreed() const;
  const std::vector<TrueChange>& changes() const;
  /// What the node holds under the key.
  std::optional<std::string> value_at(std::size_t node, const std::string& key) const;

 private:
  class Model;
  std::unique_ptr<Model> model_;
};

}  // namespace dbha::memory
