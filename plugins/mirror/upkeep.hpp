#pragma once
/// The comparisons that no dbrestart asks for. A cache has missed what was announced before it listened, and what
/// pub/sub has lost: so it compares all of its tables at each start, when messages may have been missed, and once in a
/// while. A mirror that owns tables compares until its store is complete: only then may it remove what it does not
/// know.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include "mirror/resync.hpp"

namespace dbha::mirror {

class Upkeep {
 public:
  /// All references outlive it.
  Upkeep(LocalMirror& mirror, Resync& resync, const ConsistencyHost& host, Log& log)
      : mirror_(mirror), resync_(resync), host_(host), log_(log) {}
  ~Upkeep() { end(); }
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  /// `listens`: what is announced from now on is heard; asked again and again before the first comparison, on the
  /// thread that begins here.
  void start(std::function<bool()> listens);
  /// After stop(): waits for that thread.
  void end();

  // Any thread.

  /// Announcements may have been missed. All that listened at the same node missed them too: the comparison begins at a
  /// random moment of the resync window.
  void missed();
  /// No comparison is begun any more. One that runs is ended by Resync::stop().
  void stop();

 private:
  void run();
  bool wait_until_ready();
  bool wait_for_reason();
  bool wait_for_moment();
  bool rest(Duration duration);
  bool compare();

  LocalMirror& mirror_;
  Resync& resync_;
  const ConsistencyHost& host_;
  Log& log_;
  std::function<bool()> listens_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  bool missed_ = false;
  std::uint64_t comparisons_ = 0;
  std::mt19937_64 random_{std::random_device{}()};
  std::mutex ending_;  ///< only one may wait for the thread
  std::thread thread_;
};

}  // namespace dbha::mirror
