#pragma once
/// What the database has and the store may not know: found by a scan of the tables that are listed, all of a cache's,
/// or those that a pushing mirror owns.

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "mirror/inquiry.hpp"
#include "mirror/local_mirror.hpp"
#include "mirror/survey.hpp"

namespace dbha::mirror {

/// One thread, but for stop().
class Listing {
 public:
  /// Has the entry asked for and taken over.
  using Adopt = std::function<void(const EntryName&)>;
  /// Told of each page.
  using Advance = std::function<void(std::size_t)>;

  Listing(LocalMirror& mirror, VersionedStore& database, Inquiry& inquiry, Log& log, Adopt adopt, Advance advance);

  /// The tables that are listed.
  const std::vector<std::string>& tables() const { return tables_; }

  enum class End {
    listed,
    away,     ///< somebody did not answer: later again
    refused,  ///< the database does not tell all: to try again is no use
  };
  /// What lies in these partitions is taken over, or is suspect; stored when this returns `listed`. Throws
  /// Inquiry::Stopped, StoreFailure.
  End list(const PartitionSet& partitions);
  // Any thread.

  void stop() { survey_.stop(); }
  /// Why the database does not tell all; empty if it does.
  std::string trouble() const;

 private:
  End list(const std::string& table, const PartitionSet& partitions);
  void set_trouble(std::string trouble);
  PartitionSet homes_of(const std::string& table, const PartitionSet& partitions) const;
  void judge(const Terms& terms, bool values, std::vector<Entry> entries);

  LocalMirror& mirror_;
  VersionedStore& database_;
  Inquiry& inquiry_;
  Log& log_;
  Adopt adopt_;
  Advance advance_;
  std::vector<std::string> tables_;
  Survey survey_;
  mutable std::mutex mutex_;
  std::string trouble_;
};

}  // namespace dbha::mirror
