#pragma once
/// A cache listens to what is announced of its tables.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "mirror/local_mirror.hpp"

namespace dbha::mirror {

class Hearing {
 public:
  /// `missed`: something was announced and could not be taken over; any thread. Everything but the settings outlives
  /// it.
  Hearing(LocalMirror& mirror, ConsistencyHost& host, VersionedStore& database, std::function<void()> missed, Log& log);
  ~Hearing();
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;

  /// All of the tables' channels are subscribed. Asks that, too: a message to itself comes back only behind the others'
  /// subscriptions. Any thread.
  bool listens();
  /// One of these channels is listened to.
  bool concerns(const std::vector<std::string>& channels) const;

 private:
  /// What messages and answers hold, which may come when this has ended.
  struct Self {
    std::mutex mutex;
    Hearing* hearing;
  };
  template <class Work>
  static void with(const std::shared_ptr<Self>& self, Work work) {
    const std::lock_guard lock(self->mutex);
    if (self->hearing) work(*self->hearing);
  }

  void on_message(const std::string& table, const std::string& message);
  void read(const EntryName& name);

  LocalMirror& mirror_;
  ConsistencyHost& host_;
  VersionedStore& database_;
  std::function<void()> missed_;
  Log& log_;
  std::string own_channel_;
  std::atomic<bool> listens_ = false;
  bool misread_ = false;
  std::shared_ptr<Self> self_;
};

}  // namespace dbha::mirror
