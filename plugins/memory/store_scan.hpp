#pragma once
/// A scan of the store: one page after another, from whoever owns the partition where the last one ended.

#include <memory>
#include <optional>

#include <dbha/backend.hpp>
#include <dbha/versioned_store.hpp>

#include "memory/scan_progress.hpp"

namespace dbha::memory {

/// Loop thread only. Lives for as long as a call of it is under way: hold it by shared_ptr. It ends with the database
/// at the latest.
class StoreScan final : public std::enable_shared_from_this<StoreScan> {
 public:
  /// `partitions`: where it looks; not empty.
  StoreScan(Database& database, const Route& route, ScanRange range, PartitionSet partitions,
            VersionedStore::PacedPage page, VersionedStore::Done done, std::optional<Duration> deadline);
  void start() { ask_page(); }

 private:
  void ask_page();
  void on_page(const Result& result);
  void deliver(std::vector<Entry> entries);
  void go_on();
  void end_round();
  void fail(const Result& result);

  Database& database_;
  const Route& route_;
  const ScanRange range_;
  const VersionedStore::PacedPage page_;
  const VersionedStore::Done done_;
  const std::optional<Duration> deadline_;
  ScanProgress progress_;
};

}  // namespace dbha::memory
