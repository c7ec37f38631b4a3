#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <dbha/mirror.hpp>

#include "mirror/row.hpp"

namespace dbha::mirror {

/// Who wants to be told when the database has a write. One thread, the store's.
class Waiters {
 public:
  void add(std::int64_t number, std::uint64_t version, Mirror::Done done) {
    waiting_[number].push_back({version, std::move(done)});
  }

  /// The database has this version: who waited for it is told so, and who waited for an older one that it was
  /// superseded.
  void confirmed(const Row& row, std::uint64_t version) {
    settle(
        row, [&](std::uint64_t awaited) { return awaited <= version; },
        [&](std::uint64_t awaited) { return awaited == version; });
  }
  /// The store holds `row` now: nothing older will be sent.
  void superseded(const Row& row) {
    settle(
        row, [&](std::uint64_t awaited) { return awaited < row.entry.version; }, [](std::uint64_t) { return false; });
  }
  /// The database holds `row` in place of what was waited for.
  void overtaken(const Row& row) {
    settle(
        row, [&](std::uint64_t awaited) { return awaited <= row.entry.version; }, [](std::uint64_t) { return false; });
  }

  /// Nobody waits any longer.
  void release(const std::string& why) {
    for (auto& [number, list] : std::exchange(waiting_, {}))
      for (auto& waiter : list)
        waiter.done({.outcome = MirrorOutcome::stored, .version = waiter.version, .reason = why});
  }

 private:
  struct Waiter {
    std::uint64_t version;
    Mirror::Done done;
  };

  template <class Settled, class Taken>
  void settle(const Row& row, Settled settled, Taken taken) {
    const auto at = waiting_.find(row.number);
    if (at == waiting_.end()) return;
    std::vector<Waiter> still, ended;
    for (auto& waiter : at->second) (settled(waiter.version) ? ended : still).push_back(std::move(waiter));
    if (still.empty()) {
      waiting_.erase(at);
    } else {
      at->second = std::move(still);
    }
    for (auto& waiter : ended) {
      if (taken(waiter.version)) {
        waiter.done({.outcome = MirrorOutcome::stored, .version = waiter.version, .in_database = true});
      } else {
        waiter.done({.outcome = MirrorOutcome::superseded, .version = waiter.version, .newer = row.entry});
      }
    }
  }

  std::map<std::int64_t, std::vector<Waiter>> waiting_;
};

}  // namespace dbha::mirror
