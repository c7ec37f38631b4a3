#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <dbha/context.hpp>

#include "history/history_file.hpp"
#include "log/rate_limit.hpp"

namespace dbha {

/// Writes the history on a thread of its own. What cannot be written in time is dropped and counted, and the history
/// says so itself: a disk must never hold up the detector.
class HistoryWriter {
 public:
  static constexpr std::size_t longest_line = 32'768;

  struct Counts {
    std::uint64_t written = 0;
    std::uint64_t lost = 0;
  };

  /// The file is opened by the thread: a history that cannot be kept is a warning, no reason not to start.
  HistoryWriter(std::filesystem::path file, Log& log, HistoryLimits limits = {}, std::size_t waiting_at_most = 1000);
  /// Writes what waits.
  ~HistoryWriter();
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;

  /// Any thread; never waits for the disk. An object with its wall clock in "at_ms"; of one that is too long the lists
  /// and objects are left out.
  void add(const nlohmann::json& entry);

  Counts counts() const;
  const std::filesystem::path& file() const { return path_; }

 private:
  void run();
  void write(std::vector<HistoryEntry> batch);
  void store(std::vector<HistoryEntry> batch);

  const std::filesystem::path path_;
  Log& log_;
  const HistoryLimits limits_;
  const std::size_t waiting_at_most_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<HistoryEntry> waiting_;
  Counts counts_;
  bool ending_ = false;
  // Of the thread:
  std::optional<HistoryFile> file_;
  RateLimit limit_;
  std::uint64_t told_lost_ = 0;
  std::size_t unpruned_;
  std::thread thread_;  // begins last, with all of the above in place
};

}  // namespace dbha
