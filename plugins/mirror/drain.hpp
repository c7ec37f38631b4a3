#pragma once
/// Brings what the outbox decides into the database, and what the database answers into the store.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <dbha/context.hpp>
#include <dbha/versioned_store.hpp>

#include "mirror/announcer.hpp"
#include "mirror/outbox.hpp"
#include "mirror/rejections.hpp"
#include "mirror/store_thread.hpp"

namespace dbha::mirror {

/// Told on the store's thread, after the commit.
class DrainListener {
 public:
  /// The database has this version of the entry, or had it when it answered.
  virtual void on_confirmed(std::int64_t number, std::uint64_t version) = 0;
  /// The database had a newer one, which the store now holds too, unless it has one that is newer still.
  virtual void on_overtaken(const LocalStore::Adopted& adopted) = 0;

 protected:
  ~DrainListener() = default;
};

/// On the store's thread, but for what is said to be for any.
class Drain {
 public:
  /// `announcer`: nothing, if what is confirmed is not to be announced. All references outlive it, and the thread
  /// behind `intake` ends before it.
  Drain(VersionedStore& database, Outbox::LaneOf lane_of, std::weak_ptr<StoreThread::Intake> intake, Log& log,
        DrainListener& listener, Announcer* announcer);

  void accepted(const Row& row);
  void grown_on_disk();
  /// Reads and sends what is due; returns when to be called again.
  std::optional<TimePoint> turn(LocalStore& store);

  /// Any thread: nothing is sent any more.
  void stop() { stopped_ = true; }
  /// Any thread.
  bool database_away() const { return away_; }
  const Rejections& rejections() const { return rejections_; }

 private:
  /// What is remembered of an entry while it is under way: without its value.
  struct Sent {
    std::int64_t number;
    Partition partition;
    EntryName name;
    std::uint64_t version;
    std::string record{};  ///< for the announcer
  };

  void read(LocalStore& store, TimePoint now);
  void send(const Row& row);
  Job job_of(const Sent& sent, StoreResult result);
  Job confirmation(const Sent& sent);
  Job adoption(const Sent& sent, Entry newer);
  void failed(const Sent& sent, const StoreResult& result);
  void ended(std::int64_t number, Outbox::Ending ending);
  void tell_away(const LocalStore& store);

  VersionedStore& database_;
  std::weak_ptr<StoreThread::Intake> intake_;
  Log& log_;
  DrainListener& listener_;
  Announcer* announcer_;
  Outbox outbox_;
  Rejections rejections_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> away_ = false;
};

}  // namespace dbha::mirror
