#pragma once
/// What the results of calls mean to the store: pure functions.

#include <optional>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha::memory {

/// Of a call about `what` that did not end well.
StoreResult failure_of(const std::string& what, const Result& result);
/// Of VGET.
StoreResult found(const EntryName& name, const Result& result);
/// Of VPUT, VCREATE and VREMOVE.
StoreResult written(const EntryName& name, const Result& result);
/// Of VNUMBER.
StoreResult counted(const std::string& key, const Result& result);

/// Of VSCAN.
struct ScanPage {
  Partition next;     ///< where to go on: the partition,
  std::string after;  ///< and the key that was the last there
  std::vector<Entry> entries;
};
ScanPage read_page(const Value& reply);

}  // namespace dbha::memory
