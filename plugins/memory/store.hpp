#pragma once
/// Entries with versions. Everything goes through Database::submit, so redirects, repeats, deadlines and the end are
/// those of calls. How they lie in the nodes: README.md of this folder.

#include <memory>

#include <dbha/backend.hpp>
#include <dbha/versioned_store.hpp>

#include "memory/route.hpp"

namespace dbha::memory {

/// Loop thread only.
class MemoryStore final : public VersionedStore {
 public:
  /// Numbers are counted up to here.
  static constexpr std::uint64_t last_number = INT64_MAX;

  /// Both references outlive it. `route`: what the database follows.
  MemoryStore(Database& database, const Route& route, std::uint32_t partitions)
      : database_(database), route_(route), partitions_(partitions) {}

  Partition partition_of(const EntryName& name) const override;
  void get(EntryName name, Done done, std::optional<Duration> deadline) override;
  void put(EntryName name, std::string value, std::uint64_t version, Done done,
           std::optional<Duration> deadline) override;
  void create(EntryName name, std::string value, std::uint64_t version, Done done,
              std::optional<Duration> deadline) override;
  void remove(EntryName name, std::uint64_t version, Done done, std::optional<Duration> deadline) override;
  void scan(ScanRange range, Page page, Done done, std::optional<Duration> deadline) override;
  void next_number(const std::string& table, std::uint64_t floor, Done done, std::optional<Duration> deadline) override;
  void scan_paced(ScanRange range, PacedPage page, Done done, std::optional<Duration> deadline) override;

 private:
  void write(EntryName name, std::uint64_t version, std::vector<std::string> args, Done done,
             std::optional<Duration> deadline);
  void answer_later(StoreResult answer, Done done);
  void refuse(std::string why, Done done);

  Database& database_;
  const Route& route_;
  const std::uint32_t partitions_;
};

}  // namespace dbha::memory
