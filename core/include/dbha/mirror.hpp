#pragma once
/// The local store of a mirror: entries that this process accepts into its own disk first and brings into the database
/// when it can, so that no accepted write depends on the database's luck. Obtained from Controller::mirror().
///
///     dbha::Mirror& mirror = *controller->mirror("mirror");
///     auto stored = mirror.put({"ports", "switch-7", "eth0"}, "up").get();
///     if (stored.outcome == dbha::MirrorOutcome::refused) log(stored.reason);
///
/// Of the writes to one entry that wait for the database, only the newest is sent.

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <dbha/subscription.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha {

enum class MirrorOutcome {
  stored,      ///< the local store holds it, and a crash does not take it away (see the option `durability`)
  superseded,  ///< nothing newer was overwritten: the store or the database has `newer`
  refused,     ///< not accepted, nothing has changed; `reason` says why and what to do
};

/// For what a write waits before it says how it ended. Either way it reaches the database some day.
enum class MirrorWait { store, database };

struct MirrorWrite {
  /// Nothing: the mirror gives one, above the entry's last and above those given by other mirrors before, as far as the
  /// machines' clocks agree. Else 1 to 2^63 - 1.
  std::optional<std::uint64_t> version{};
  /// There is no limit to how long the database may be away: with `database`, wait on the future as long as you like.
  MirrorWait wait = MirrorWait::store;
};

struct MirrorResult {
  MirrorOutcome outcome = MirrorOutcome::refused;
  std::uint64_t version = 0;     ///< under which it is stored
  bool in_database = false;      ///< the database has it too. False with `stored` says nothing about the database
  std::optional<Entry> newer{};  ///< of `superseded`
  std::string reason{};          ///< of `refused`; of `stored`, why no longer is waited for the database
};

/// What a read has found. As in VersionedStore, a removed entry is one with `removed`, for as long as it is remembered.
struct MirrorFound {
  bool ok = false;  ///< the store could be read
  std::optional<Entry> entry{};
  std::string reason{};  ///< of not ok
};

/// The local copy of an entry has changed because the database has a newer one. Stored before it is told; what a crash
/// keeps from being told is found in the store by scan().
struct MirrorChange {
  enum class Kind { created, updated, removed };
  Kind kind;
  Entry entry;
};

/// How it is with the store, for people and status.
struct MirrorState {
  std::string trouble{};        ///< why writes are refused at present, and what to do; empty if they are accepted
  std::uint64_t waiting = 0;    ///< entries that the database has not confirmed
  bool database_away = false;   ///< it takes none, or those of some partitions only
  std::uint64_t confirmed = 0;  ///< since the start: writes that the database has confirmed
  std::uint64_t overtaken = 0;  ///< since the start: entries of which the database had a newer version
  bool complete = false;        ///< of a cache, and of who owns tables: it has held all that the database had of them
};

/// Any thread. `done` and handlers run on a thread of the mirror's own, which everything waits for while they do: they
/// must not block, nor wait for another result of this mirror.
class Mirror {
 public:
  using Done = std::function<void(MirrorResult)>;

  virtual ~Mirror() = default;

  /// `done` is called exactly once, later than this returns.
  virtual void put(EntryName name, std::string value, MirrorWrite how, Done done) = 0;
  virtual void remove(EntryName name, MirrorWrite how, Done done) = 0;

  std::future<MirrorResult> put(EntryName name, std::string value, MirrorWrite how = {}) {
    return future_of([&](Done done) { put(std::move(name), std::move(value), how, std::move(done)); });
  }
  std::future<MirrorResult> remove(EntryName name, MirrorWrite how = {}) {
    return future_of([&](Done done) { remove(std::move(name), how, std::move(done)); });
  }

  /// What the local store holds: of each write answered with `stored`, that or something newer.
  virtual MirrorFound get(const EntryName& name) = 0;
  /// Calls visit for each entry of the range that is there from the beginning to the end, in the order of partition,
  /// table, topic and key; one that is written or removed meanwhile may come or not. Ends early when visit returns
  /// false. Blocks while it reads; visit may use the mirror.
  virtual MirrorFound scan(const ScanRange& range, const std::function<bool(Entry)>& visit) = 0;

  virtual Subscription on_change(std::function<void(const MirrorChange&)> handler) = 0;
  virtual MirrorState state() const = 0;

 private:
  template <class Start>
  static std::future<MirrorResult> future_of(Start start) {
    auto promise = std::make_shared<std::promise<MirrorResult>>();
    auto future = promise->get_future();
    start([promise](MirrorResult result) { promise->set_value(std::move(result)); });
    return future;
  }
};

}  // namespace dbha
