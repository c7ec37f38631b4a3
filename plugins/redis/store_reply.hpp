#pragma once
/// What the results of calls mean to the store: pure functions.

#include <dbha/backend.hpp>
#include <dbha/versioned_store.hpp>

#include "redis/store_layout.hpp"

namespace dbha::redis {

/// With what the database and the call say of it.
std::string with_reasons(std::string detail, const Result& result);
/// Of a call about the key that did not end well.
StoreResult failure_of(const std::string& key, const Result& result);
/// Of a get(): HMGET, or the script that looks.
StoreResult found(const EntryName& name, const Result& result);
/// Of a guarded write.
StoreResult written(const EntryName& name, const Result& result);
/// Of one entry of a batch: its version, or why there is none.
BatchResult::One looked_at(EntryName name, const Value& value);
/// Of a write_all() at these entries.
BatchResult batch(const std::vector<EntryName>& names, const Result& result);
/// Of next_number().
StoreResult counted(const std::string& key, const Result& result);

/// One page of SCAN.
struct KeyPage {
  std::string cursor;  ///< "0": it was the last
  std::vector<std::string> keys;
};
Parsed<KeyPage> read_key_page(Value&& reply);

/// The key holds something that is no entry, and did so before we came.
bool holds_no_entry(const Result& result);
bool script_unknown(const Result& result);

}  // namespace dbha::redis
