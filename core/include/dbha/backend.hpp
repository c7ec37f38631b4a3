#pragma once
/// What a backend plugin implements. It collects views and carries out connections; it decides nothing about HA: who is
/// the owner, what is suspect and which event is due are decided in core.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <dbha/context.hpp>
#include <dbha/signals.hpp>
#include <dbha/topology.hpp>

namespace dbha {

// ---- Hints

enum class HintKind {
  connection_lost,  ///< EOF or RST on an established connection
  refused,          ///< the node refused a connection, or said that it has no room for one
  silent,           ///< no answer within the time given
  demoted,          ///< the node dropped a channel that only a primary keeps
  epoch_rose,       ///< somebody has heard of a higher epoch
  redirected,       ///< MOVED: the node says that another one owns the partition
  read_only,        ///< a write was refused by a node that is not the primary any more
  unavailable,      ///< CLUSTERDOWN, LOADING, MASTERDOWN
};

/// A reason to look again, from anywhere. Never a fact.
struct Hint {
  HintKind kind;
  NodeId node;                         ///< concerned, if known
  Endpoint endpoint;                   ///< where it was seen
  std::optional<Partition> partition;  ///< concerned, if known
  std::string detail{};                ///< for people: what happened. Stays in the process that saw it
};

// ---- The database as the detector sees it

/// What the detector may ask a node. The cheap ones exist because they are asked hundreds of times a second while a
/// shard is suspect.
enum class Question {
  view,   ///< everything the node says: comes back as a View
  role,   ///< am I primary or replica
  epoch,  ///< do I serve, and the greatest epoch I have heard of
  alive,  ///< anything at all
};

struct RoleAnswer {
  NodeId node;  ///< empty until the node has said who it is
  Endpoint endpoint;
  TimePoint asked;
  TimePoint answered;
  Role role = Role::unknown;
  Endpoint primary;     ///< of a replica: whom it follows
  bool synced = false;  ///< of a replica: its link to the primary is up
};

struct EpochAnswer {
  NodeId node;
  Endpoint endpoint;
  TimePoint asked;
  TimePoint answered;
  bool ok = false;
  Epoch current_epoch;
  // What shows that the node's view has changed, without asking for it.
  Epoch own_epoch{};              ///< with which it claims its partitions; 0: not told
  std::uint64_t known_nodes = 0;  ///< how many it lists; 0: not told
};

/// Called on the loop thread. The source may be asked again from inside a call, but not destroyed.
class TopologySourceListener {
 public:
  virtual void on_view(View view) = 0;
  virtual void on_role(RoleAnswer answer) = 0;
  virtual void on_epoch(EpochAnswer answer) = 0;
  virtual void on_alive(Endpoint endpoint, NodeId node, TimePoint asked, TimePoint answered) = 0;
  /// No answer came within probe_timeout, or none can come (not connected, connection lost before the answer).
  virtual void on_no_answer(Endpoint endpoint, Question question, TimePoint asked) = 0;
  /// The node answered, but not as a member of a usable database: not this protocol, wrong password, clustering off, a
  /// malformed reply. `reason` says which and what to do about it; it contains no secret.
  virtual void on_unusable(Endpoint endpoint, std::string reason) = 0;
  virtual void on_hint(Hint hint) = 0;
  /// The database does not let us have this signal of that node; `rule` is what an operator must add to the ACL. It is
  /// the answer to the question that found it, if one did.
  virtual void on_forbidden(const Endpoint& /*endpoint*/, Signal /*signal*/, const std::string& /*rule*/) {}
  /// It does, or does again. An answer to the signal's question says so by itself.
  virtual void on_permitted(const Endpoint& /*endpoint*/, Signal /*signal*/) {}

 protected:
  ~TopologySourceListener() = default;
};

/// Asks nodes and passes on what they say. Loop thread only.
class TopologySource {
 public:
  virtual ~TopologySource() = default;
  /// No command is sent that serves only a signal which is not used. Before set_endpoints(); without it, all are used.
  virtual void use(const Signals& /*signals*/) {}
  /// Keeps connections to exactly these; others are closed. Connecting and reconnecting (with backoff) is the source's
  /// own affair.
  virtual void set_endpoints(const std::vector<Endpoint>& endpoints) = 0;
  /// Exactly one of on_view/on_role/on_epoch/on_alive, on_no_answer, on_forbidden and on_unusable follows, always later
  /// than this call returns.
  virtual void ask(const Endpoint& endpoint, Question question) = 0;
};

/// What one question costs the database, for the probe budget.
struct QuestionCost {
  unsigned commands;
  unsigned bytes;  ///< of the answer, about, for a database with `nodes` members
};

// ---- The database as a controller uses it

/// A reply of the database, in the shape of its protocol.
struct Value {
  enum class Kind { nil, text, status, integer, real, array, error };
  Kind kind = Kind::nil;
  std::string text{};  ///< of text, status and error; of real, as the database wrote it
  std::int64_t integer = 0;
  std::vector<Value> elements{};
  friend bool operator==(const Value&, const Value&) = default;
};

/// One request. It ends by its deadline, whatever the database does.
struct Call {
  /// Chooses the partition. Empty: the backend looks for the keys in the command itself; a command that has none may be
  /// answered by any primary. Keys in several partitions are split into one call each where the command's meaning
  /// allows it (each part then takes effect by itself), and refused otherwise.
  std::string key{};
  std::vector<std::string> args{};  ///< in the backend's own language: {"SET", "k", "v"}
  /// Safe to send again after it was sent and not answered. Reads are always; other calls only if the caller says so,
  /// because a repeated INCR counts twice.
  bool repeatable = false;
  std::optional<Duration> deadline{};  ///< from submission; default: the configuration's call_deadline
  /// Instead of `args`: commands that take effect together or not at all, all on keys of one partition. The reply is
  /// an array with one element each.
  std::vector<std::vector<std::string>> transaction{};
  /// Instead of a key: whoever owns this partition.
  std::optional<Partition> partition{};
  /// Ends the call early, from any thread: as cancelled, or as outcome_unknown if it was written already.
  std::stop_token stop{};
};

enum class Outcome {
  ok,               ///< the database replied; see value
  error_reply,      ///< the database refused: value is its error
  timeout,          ///< the deadline passed before the call was written to any node: it had no effect
  outcome_unknown,  ///< it was written and not answered, or answered by a node that had lost the partition: it may or
                    ///< may not have had an effect
  refused,          ///< not accepted: the queue is full, or the call is malformed. It had no effect
  cancelled,        ///< stopped, or the database closed, before the call was written
};

struct Result {
  Outcome outcome = Outcome::cancelled;
  Value value{};
  std::string detail{};  ///< for people: why, and where
  Endpoint node{};       ///< that answered
  /// Of a reply: the same for all replies on one connection, and for no other. A cursor that one process of a database
  /// gave out means nothing to the next; this tells when it has changed.
  std::uint64_t session = 0;
  bool ok() const { return outcome == Outcome::ok; }
};
using Completion = std::function<void(Result)>;

/// Pub/sub was without a connection.
struct SubscriptionGap {
  NodeId node;                        ///< where the channels are subscribed now
  std::vector<std::string> channels;  ///< on which messages may have been missed
  TimePoint from{};                   ///< when the former node was last heard
  TimePoint to{};                     ///< when the last of the channels was subscribed again
};

/// Called on the loop thread.
class DatabaseListener {
 public:
  virtual void on_hint(Hint hint) = 0;
  /// Comes when all that was interrupted is subscribed again, so that what is read from now on is complete.
  virtual void on_subscription_interrupted(SubscriptionGap gap) = 0;

 protected:
  ~DatabaseListener() = default;
};

struct Applied {
  bool complete = false;        ///< every primary of the topology has answered
  std::vector<NodeId> missing;  ///< those that had not within apply_timeout
};

class VersionedStore;

/// Connections to every primary, and one for pub/sub. Loop thread only.
class Database {
 public:
  using MessageHandler = std::function<void(const std::string& channel, const std::string& message)>;

  virtual ~Database() = default;

  /// Moves the connections. `marked`: the partitions whose mark changed with this topology, so that acknowledged writes
  /// may be gone and a late success of the old owner is worth nothing. `done` is called once, later than apply()
  /// returns: when every primary has answered (a reply, not merely a connection), or after apply_timeout, or when a
  /// newer apply() replaces this one (then incomplete).
  virtual void apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked,
                     std::function<void(Applied)> done) = 0;
  /// `done` is called exactly once, later than submit() returns.
  virtual void submit(Call call, Completion done) = 0;
  /// A message for all who listen to the channel, on whatever node.
  virtual void publish(std::string channel, std::string message, Completion done) = 0;
  /// One handler a channel; a second subscribe() replaces it.
  virtual void subscribe(std::string channel, MessageHandler handler) = 0;
  virtual void unsubscribe(const std::string& channel) = 0;
  /// These primaries may be about to lose their partitions: a connection to each of their replicas is made ready, at a
  /// moment drawn from the next second, because a whole fleet does so at once. To be repeated for as long as it holds.
  virtual void prepare_failover(const std::vector<NodeId>& /*primaries*/) {}
  /// Entries with versions, for backends that can; nullptr otherwise. Lives as long as the database.
  virtual VersionedStore* versioned_store() { return nullptr; }
  /// Ends every call (cancelled, or outcome_unknown if it was written) and closes every connection. Nothing is called
  /// afterwards.
  virtual void close() = 0;
};

struct DatabaseSettings {
  Duration call_deadline;
  Duration apply_timeout;
  Duration probe_timeout;  ///< an answer later than this is no answer
  unsigned max_redirects;
  std::size_t queue_calls;  ///< how many calls may wait or be under way
  std::size_t queue_bytes;
  std::string client_name;
};

// ---- The backend

/// Whose agreement counts: the owners of partitions in the candidate map (Redis Cluster), or all nodes named in views.
enum class Voters { owners, named_in_views };

struct BackendTraits {
  std::uint32_t partitions;
  Voters voters;
};

/// What the plugin's factory creates. It creates sources and databases; one of each at most is used by a process.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual BackendTraits traits() const = 0;
  /// Where to start looking: the configured endpoints.
  virtual std::vector<Endpoint> seeds() const = 0;
  virtual Partition partition_of(std::string_view key) const = 0;
  virtual QuestionCost cost(Question question, std::size_t nodes) const = 0;
  virtual std::unique_ptr<TopologySource> open_source(TopologySourceListener& listener, Duration probe_timeout) = 0;
  virtual std::unique_ptr<Database> open_database(DatabaseListener& listener, const DatabaseSettings& settings) = 0;
};

}  // namespace dbha
