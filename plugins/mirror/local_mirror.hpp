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
  /// For whoever reads much of it at a stretch: nobody else waits meanwhile.
  std::unique_ptr<StoreReader> own_reader() const;
  /// What to say of a failure to read it.
  std::string trouble_at(const StoreFailure& failure) const;
  std::vector<Doubt> doubts() const { return reader()->doubts(); }
  /// Later; what cannot be stored is said in trouble().
  void keep_doubts(std::vector<Doubt> doubts);
  /// Takes over what the database holds, as if it had answered a write, unless the store has something newer.
  void adopt(std::vector<Entry> newer);
  /// The same. False: too much waits for the disk.
  bool hear(std::vector<Entry> newer);
  void suspect(std::vector<Suspect> suspects);
  void acquit(std::vector<Suspect> suspects);
  /// At the second look they were as at the first: each is removed from the side that is not the truth.
  void remove_suspects(std::vector<Suspect> suspects);
  /// The store holds, or has held, all that the database has of these tables.
  void set_complete(const std::vector<std::string>& tables);
  /// Waits until all that was handed in has been done. False: of what was not written by an application, since the last
  /// call, something could not be stored.
  bool flush();
  /// Of push: what the database has confirmed in another way than by the drain.
  void announce(const std::vector<Row>& rows);
  const Settings& settings() const { return settings_; }
  std::shared_ptr<const Topology> topology() const { return host_.topology(); }
  /// Any thread. What keeps it from its work; empty if nothing does.
  std::string trouble() const;

 private:
  void on_confirmed(std::int64_t number, std::uint64_t version) override;
  void on_overtaken(const LocalStore::Adopted& adopted) override;

  bool complete(const std::vector<std::string>& tables) const;
  std::optional<std::string> unfit(const EntryName& name, const MirrorWrite& how) const;
  void write(Entry entry, MirrorWrite how, Done done);
  void written(const LocalStore::WriteResult& result, MirrorWait wait, const Done& done);
  void stored(const Row& row, MirrorWait wait, const Done& done);
  void refuse(std::string reason, Done done);
  std::optional<TimePoint> turn(LocalStore& store);
  void forget_removed(LocalStore& store, TimePoint now);
  Job job_of(std::function<void(LocalStore&)> apply, std::function<void()> then);
  Job adoption(std::vector<Entry> newer);
  void store(Job job);

  Settings settings_;
  ConsistencyHost& host_;
  VersionedStore& database_;
  Changes changes_;
  Waiters waiters_;
  TimePoint forget_at_{};
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> confirmed_ = 0;
  std::atomic<std::uint64_t> overtaken_ = 0;
  std::atomic<bool> unstored_ = false;
  std::unique_ptr<StoreThread> thread_;  // before the drain, which needs its intake; the destructor ends it first
  std::unique_ptr<Announcer> announcer_;
  Drain drain_;
};

}  // namespace dbha::mirror
