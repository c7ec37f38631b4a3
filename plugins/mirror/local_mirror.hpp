#pragma once
/// The mirror as applications see it: its store, what is waited for, and the drain into the database.

#include <atomic>
#include <memory>
#include <optional>

#include <dbha/consistency.hpp>
#include <dbha/mirror.hpp>

#include "mirror/changes.hpp"
#include "mirror/drain.hpp"
#include "mirror/settings.hpp"
#include "mirror/store_thread.hpp"
#include "mirror/waiters.hpp"

namespace dbha::mirror {

class LocalMirror final : public Mirror, DrainListener {
 public:
  /// Everything but the settings outlives it. Opens the store; if that fails, all is refused with the reason until it
  /// can be opened.
  LocalMirror(Settings settings, Log& log, ConsistencyHost& host, VersionedStore& database);
  /// What was handed in is done first.
  ~LocalMirror() override;

  using Mirror::put;
  using Mirror::remove;
  void put(EntryName name, std::string value, MirrorWrite how, Done done) override;
  void remove(EntryName name, MirrorWrite how, Done done) override;
  MirrorFound get(const EntryName& name) override;
  MirrorFound scan(const ScanRange& range, const std::function<bool(Entry)>& visit) override;
  Subscription on_change(std::function<void(const MirrorChange&)> handler) override;
  MirrorState state() const override;

  /// Any thread. Nothing is sent any more, and nobody waits for the database any longer.
  void stop();
  // Any thread; what reads throws StoreFailure.

  std::shared_ptr<StoreReader> reader() const;
  std::vector<Doubt> doubts() const { return reader()->doubts(); }
  /// Later; what cannot be stored is said in trouble().
  void keep_doubts(std::vector<Doubt> doubts);
  /// Takes over what the database holds, as if it had answered a write, unless the store has something newer.
  void adopt(Partition partition, Entry newer);
  /// Any thread. What keeps it from its work; empty if nothing does.
  std::string trouble() const;

 private:
  void on_confirmed(std::int64_t number, std::uint64_t version) override;
  void on_overtaken(const LocalStore::Adopted& adopted) override;

  std::optional<std::string> unfit(const EntryName& name, const MirrorWrite& how) const;
  void write(Entry entry, MirrorWrite how, Done done);
  void written(const LocalStore::WriteResult& result, MirrorWait wait, const Done& done);
  void stored(const Row& row, MirrorWait wait, const Done& done);
  void refuse(std::string reason, Done done);
  std::optional<TimePoint> turn(LocalStore& store);
  void forget_removed(LocalStore& store, TimePoint now);

  Settings settings_;
  VersionedStore& database_;
  Changes changes_;
  Waiters waiters_;
  TimePoint forget_at_{};
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> confirmed_ = 0;
  std::atomic<std::uint64_t> overtaken_ = 0;
  std::unique_ptr<StoreThread> thread_;  // before the drain, which needs its intake; the destructor ends it first
  Drain drain_;
};

}  // namespace dbha::mirror
