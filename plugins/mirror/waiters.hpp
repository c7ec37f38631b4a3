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

  /// The database has this version. Who waited for an older one was told when that was superseded.
  void confirmed(std::int64_t number, std::uint64_t version) {
    for (auto& waiter : take(number, [&](std::uint64_t awaited) { return awaited == version; }))
      waiter.done({.outcome = MirrorOutcome::stored, .version = version, .in_database = true});
  }
  /// The store holds `row` now: nothing older will be sent.
  void superseded(const Row& row) {
    tell_superseded(row, take(row.number, [&](std::uint64_t awaited) { return awaited < row.entry.version; }));
  }
  /// The database holds `row` in place of what was waited for.
  void overtaken(const Row& row) {
    tell_superseded(row, take(row.number, [&](std::uint64_t awaited) { return awaited <= row.entry.version; }));
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

  static void tell_superseded(const Row& row, std::vector<Waiter> waiters) {
    for (auto& waiter : waiters)
      waiter.done({.outcome = MirrorOutcome::superseded, .version = waiter.version, .newer = row.entry});
  }

  template <class Chosen>
  std::vector<Waiter> take(std::int64_t number, Chosen chosen) {
    const auto at = waiting_.find(number);
    if (at == waiting_.end()) return {};
    std::vector<Waiter> still, taken;
    for (auto& waiter : at->second) (chosen(waiter.version) ? taken : still).push_back(std::move(waiter));
    if (still.empty()) {
      waiting_.erase(at);
    } else {
      at->second = std::move(still);
    }
    return taken;
  }

  std::map<std::int64_t, std::vector<Waiter>> waiting_;
};

}  // namespace dbha::mirror
