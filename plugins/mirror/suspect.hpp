#pragma once

#include <cstdint>

#include <dbha/types.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha::mirror {

/// An entry that one side lacked at the first look; see judgement.hpp. Kept in the store until the second one.
struct Suspect {
  Partition partition;
  EntryName name;
  std::uint64_t version = 0;  ///< which the other side had
  friend bool operator==(const Suspect&, const Suspect&) = default;
};

}  // namespace dbha::mirror
