#pragma once
/// What the database has, page by page, for a thread that may wait: while it is busy with a page, the database is not
/// asked for more.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <dbha/versioned_store.hpp>

namespace dbha::mirror {

/// One thread, but for stop().
class Survey {
 public:
  using Visit = std::function<void(std::vector<Entry>)>;

  explicit Survey(VersionedStore& database) : database_(database) {}

  /// Calls visit for each page; returns how the scan ended. What visit throws ends it. Throws Inquiry::Stopped.
  StoreResult scan(ScanRange range, const Visit& visit, Duration deadline);
  /// Any thread.
  void stop();

 private:
  struct Page {
    std::vector<Entry> entries;
    std::function<void()> next;
  };
  /// Shared with the scan, which may go on for a moment after it was left.
  struct Pages {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Page> come;
    std::optional<StoreResult> end;
    bool stopped = false;
    bool left = false;  ///< nobody visits them any more
  };
  class Leaving;

  std::optional<Page> next_page(Pages& pages);

  VersionedStore& database_;
  std::mutex mutex_;
  std::shared_ptr<Pages> pages_;  ///< of the scan that runs
  bool stopped_ = false;
};

}  // namespace dbha::mirror
