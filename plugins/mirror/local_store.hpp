#pragma once
/// The file in which a mirror keeps its entries: SQLite in WAL mode. What the database has not confirmed is the outbox:
/// an index, not a second copy.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include <dbha/partition_map.hpp>

#include "mirror/doubts.hpp"
#include "mirror/row.hpp"
#include "mirror/sqlite.hpp"
#include "mirror/suspect.hpp"
#include "mirror/wall_time.hpp"

namespace dbha::mirror {

/// What an accepted write survives.
enum class Durability {
  power,    ///< a power cut: each commit waits for the disk
  process,  ///< the process's end, however it comes; a power cut may take the last writes
};

struct StoreFile {
  std::filesystem::path path;
  std::uint64_t limit = 0;  ///< bytes; 0: none
  Durability durability = Durability::power;
};

using PartitionOf = std::function<Partition(const EntryName&)>;

/// Writes, for one thread. Every function may throw StoreFailure: then roll_back(), and nothing of the transaction has
/// happened. Reads beside it are StoreReader's.
class LocalStore {
 public:
  /// Opens or makes the file, for this process alone. `writer`: as in next_version(). `partition_of`: the database's; a
  /// file whose entries lie elsewhere by it is refused. A copy of an earlier time is not complete.
  LocalStore(const StoreFile& file, std::uint64_t writer, const PartitionOf& partition_of);
  ~LocalStore();

  /// Also looks whether the file still stands at its path: what is written to a deleted file would be lost.
  void begin();
  void commit();
  void roll_back();

  enum class Written { stored, superseded, no_room, no_version };
  struct WriteResult {
    Written written = Written::no_room;
    Row row;  ///< as it is now: of stored, the write; of superseded, what is newer
  };
  /// Stores the entry if its version is above what is there; the same once more counts as stored. `version` 0: gives it
  /// one.
  WriteResult write(Partition partition, const Entry& entry, WallTime now);

  /// The database has this version. True: a newer one waits.
  bool confirm(std::int64_t number, std::uint64_t version, WallTime now);
  /// Takes over what the database holds, unless the store has a newer version, which stays in the outbox. At the same
  /// version the database wins, so that all its mirrors agree.
  struct Adopted {
    Row row;
    bool changed = false;
    bool created = false;  ///< there was no entry, or a removed one
  };
  Adopted adopt(Partition partition, const Entry& entry, WallTime now);
  /// Removes what the database has under the version `found` and the store does not know, as a write of its own that is
  /// above that. Nothing: the store knows it by now, or there is no room for it.
  std::optional<Row> remove_unknown(const Suspect& found, WallTime now);

  void suspect(const Suspect& suspect);
  void acquit(const Suspect& suspect);
  /// The store holds, or has held, all that the database has of the table.
  void set_complete(const std::string& table, WallTime now);
  /// Replaces what is kept of partitions in doubt.
  void keep_doubts(const std::vector<Doubt>& doubts);
  /// Forgets removals that the database confirmed before then and that are not in doubt, a thousand at most. Returns
  /// how many.
  std::uint64_t forget_removed(std::int64_t before_ms);

  /// The outbox in the order of numbers, behind `after`.
  struct Waiting {
    std::int64_t number;
    Partition partition;
    std::size_t bytes;
  };
  std::vector<Waiting> waiting(std::int64_t after, std::size_t limit);
  std::optional<Row> row(std::int64_t number);
  /// How many wait.
  std::uint64_t waiting_count() const { return waiting_count_; }
  /// The store has reached its limit.
  bool full();

 private:
  class Statements;
  class FileLock {
   public:
    explicit FileLock(const std::filesystem::path& path);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

    /// The highest number that was given in the file beside it; nothing: not known.
    std::optional<std::int64_t> noted() const;
    void note(std::int64_t highest) const;

   private:
    int fd_;
  };

  void require_placement(const PartitionOf& partition_of);
  void find_highest();
  void keep_highest();
  std::optional<Row> find(Partition partition, const EntryName& name);
  Row insert(Partition partition, const Entry& entry, WallTime now, bool confirmed);
  Row replace(Row row, const Entry& entry, WallTime now, bool confirmed);
  void put_in(const Row& row, WallTime now);
  void counted(bool before, bool after);

  std::uint64_t limit_;
  std::uint64_t writer_;
  FileLock lock_;
  Connection connection_;
  std::unique_ptr<Statements> statements_;  // end before their connection
  std::int64_t highest_ = 0;                ///< number ever given to an entry
  std::int64_t noted_ = 0;                  ///< of these, beside the file
  std::uint64_t waiting_count_ = 0;
  std::uint64_t waiting_before_ = 0;  ///< at the begin of the transaction
};

}  // namespace dbha::mirror
