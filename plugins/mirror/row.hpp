#pragma once

#include <cstdint>
#include <string>

#include <dbha/types.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha::mirror {

/// An entry as the store holds it.
struct Row {
  std::int64_t number = 0;  ///< for as long as the entry exists
  Partition partition;
  Entry entry;
  std::uint64_t confirmed = 0;    ///< the version that the database has confirmed; 0: none
  std::int64_t confirmed_ms = 0;  ///< when it has; wall clock, ms since 1970

  bool waiting() const { return confirmed < entry.version; }
};

/// What is asked of an entry to compare it, which stands in an index: to read it costs a fraction of a Row.
struct Head {
  std::int64_t number = 0;
  Partition partition;
  EntryName name;
  std::uint64_t version = 0;
  bool removed = false;
};

}  // namespace dbha::mirror
