#pragma once
/// A scan of the store: in rounds, because partitions may change hands meanwhile. In a round each node concerned is
/// read from its beginning to its end; what has gone elsewhere by then is read there in the next.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/versioned_store.hpp>

#include "redis/route.hpp"
#include "redis/scan_plan.hpp"

namespace dbha::redis {

/// Loop thread only. Lives for as long as calls of it are under way: hold it by shared_ptr. They end with the database
/// at the latest.
class StoreScan final : public std::enable_shared_from_this<StoreScan> {
 public:
  /// An election takes one or two, a partition that moves twice as well: more is a database in turmoil.
  static constexpr unsigned most_rounds = 20;

  StoreScan(Database& database, const Route& route, ScanRange range, VersionedStore::PacedPage page,
            VersionedStore::Done done, std::optional<Duration> deadline);

  /// Only where partitions_of(range) are any.
  void start() { next_round(); }

  // For the readers of single nodes:

  bool over() const { return over_; }
  const ScanRange& range() const { return range_; }
  const Route& route() const { return route_; }
  /// Whether this round looks for entries in the partition, from whatever node they come.
  bool wants(Partition partition) const { return round_.find(partition) != nullptr; }
  void submit(Call call, Completion done);
  /// `next`: to go on, once.
  void deliver(std::vector<Entry> entries, std::function<void()> next);
  /// What a key holds is no entry although it has an entry's name and fields. The scan goes on, and ends by saying so.
  void found_broken(const std::string& what);
  /// A share has been read, but for these partitions.
  void share_ends(const PartitionSet& left);
  /// Ends the scan.
  void fail(Outcome outcome, std::string detail);

 private:
  void next_round();
  void finish(StoreResult result);

  Database& database_;
  const Route& route_;
  ScanRange range_;
  VersionedStore::PacedPage page_;
  VersionedStore::Done done_;
  std::optional<Duration> deadline_;
  PartitionSet round_;  // what this round reads
  PartitionSet left_;   // for the next one
  unsigned rounds_ = 0;
  std::size_t reading_ = 0;  // shares of this round
  std::string broken_;       // the first that was found
  bool over_ = false;
};

}  // namespace dbha::redis
