#pragma once
/// Reads the store beside the thread that writes it, with a connection of its own: what was committed before is seen.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <dbha/partition_map.hpp>

#include "mirror/doubts.hpp"
#include "mirror/row.hpp"
#include "mirror/sqlite.hpp"
#include "mirror/suspect.hpp"

namespace dbha::mirror {

/// Any thread, one at a time. Every function may throw StoreFailure.
class StoreReader {
 public:
  /// LocalStore has made the file.
  explicit StoreReader(const std::filesystem::path& file);
  ~StoreReader();

  std::optional<Row> get(Partition partition, const EntryName& name);
  /// The same without its value.
  std::optional<Row> head(Partition partition, const EntryName& name);
  /// Those of these rows that are there still, in that order, as of one moment: by far cheaper than one by one, each of
  /// which would take and leave the file's locks.
  std::vector<Row> rows(const std::vector<std::int64_t>& numbers);

  /// Where a walk through entries stands: behind this one.
  struct Place {
    Partition partition;
    EntryName name;
  };
  static Place place_of(const Row& row) { return {row.partition, row.entry.name}; }

  struct Selection {
    PartitionSet partitions;
    std::optional<std::string> table{};
    std::optional<std::string> topic{};
    bool removed = true;  ///< tombstones too
    bool values = true;   ///< false: without them, which are then not read from the disk
  };
  /// The next entries of the selection behind `after`, in the order of partition, table, topic and key. Fewer than
  /// `limit`: there are no more.
  std::vector<Row> page(const Selection& selection, const std::optional<Place>& after, std::size_t limit);

  /// The next entries of these partitions behind `after`, removed ones too, in the same order.
  std::vector<Head> heads(PartitionRange partitions, const std::optional<Place>& after, std::size_t limit);
  static Place place_of(const Head& head) { return {head.partition, head.name}; }

  /// Where a walk back in time stands: before this moment.
  struct Moment {
    std::int64_t confirmed_ms;
    std::int64_t number;
  };
  static Moment moment_of(const Row& row) { return {row.confirmed_ms, row.number}; }

  /// The entries of these partitions that the database has confirmed since then, the newest first: what a primary may
  /// have lost that was last seen well at `since_ms`. What was never confirmed is in the outbox, and not among them.
  /// `before`: the last row of the page before.
  std::vector<Row> confirmed_since(const PartitionSet& partitions, std::int64_t since_ms,
                                   const std::optional<Moment>& before, std::size_t limit);

  /// How many entries, removed ones included, lie there.
  std::uint64_t count(const PartitionSet& partitions, const std::optional<std::string>& table = {});
  /// The next suspects behind `after`. Fewer than `limit`: there are no more.
  std::vector<Suspect> suspects(const std::optional<Place>& after, std::size_t limit);
  /// The store has held all of the table once.
  bool complete(const std::string& table);
  /// As LocalStore::keep_doubts() kept them.
  std::vector<Doubt> doubts();

 private:
  class Statements;
  static std::optional<Row> row_of(Query& prepared, Partition partition, const EntryName& name);

  std::mutex mutex_;
  Connection connection_;
  std::unique_ptr<Statements> statements_;  // end before their connection
};

}  // namespace dbha::mirror
