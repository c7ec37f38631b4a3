#pragma once
/// The history of a process on disk: one JSON object an entry, oldest dropped first. A file of its own beside the state
/// store, which its process keeps for itself: this one is read by `dbha history` while the process runs, and a disk
/// that is slow to write it never holds up what must survive a restart.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <dbha/types.hpp>

struct sqlite3;

namespace dbha {

/// What is above any of these goes, oldest first.
struct HistoryLimits {
  std::int64_t entries = 20'000;
  std::int64_t bytes = 16'000'000;  ///< of the entries' text; the file takes some more
  Duration age = std::chrono::hours(24 * 30);
};

struct HistoryEntry {
  std::int64_t at_ms = 0;  ///< wall clock, ms since 1970
  std::string line;        ///< a JSON object
};

/// For one thread. All functions throw Error, which names the file and says what to do.
class HistoryFile {
 public:
  enum class Access { write, read };

  static std::filesystem::path path_of(const std::filesystem::path& state_dir, const std::string& name) {
    return state_dir / (name + ".history");
  }

  /// To write: made if it is not there. To read: it must be there.
  HistoryFile(const std::filesystem::path& file, Access access);

  /// All of them or none.
  void append(const std::vector<HistoryEntry>& entries);
  /// Age is counted back from `now_ms`.
  void prune(const HistoryLimits& limits, std::int64_t now_ms);
  /// The newest `limit` (0: all) that are not older than `since_ms`, in the order in which they happened.
  std::vector<std::string> newest(std::int64_t since_ms, std::int64_t limit) const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace dbha
