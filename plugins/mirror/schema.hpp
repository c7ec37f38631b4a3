#pragma once
/// The tables of the store; README.md of this folder documents them for other programs.

#include <string_view>

namespace dbha::mirror {

inline constexpr std::int64_t schema_version = 1;

/// Of meta, before a table's name: when the store had held all of that table once, in ms since 1970.
inline constexpr std::string_view complete_name = "complete:";

/// What a Row is read from, in the order of its members.
inline constexpr std::string_view row_columns =
    "number, partition, tbl, topic, key, version, value, confirmed, confirmed_ms";

inline constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
  number INTEGER PRIMARY KEY,
  partition INTEGER NOT NULL,
  tbl TEXT NOT NULL,
  topic TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  value BLOB,
  written_ms INTEGER NOT NULL,
  confirmed INTEGER NOT NULL DEFAULT 0,
  confirmed_ms INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS doubts (
  event TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  since_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS suspects (
  partition INTEGER NOT NULL,
  tbl TEXT NOT NULL,
  topic TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (partition, tbl, topic, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_name ON entries (partition, tbl, topic, key, version, removed);
CREATE INDEX IF NOT EXISTS by_time ON entries (confirmed_ms, number, partition);
CREATE INDEX IF NOT EXISTS outbox ON entries (number) WHERE confirmed < version;
CREATE INDEX IF NOT EXISTS tombstones ON entries (confirmed_ms) WHERE value IS NULL;
)";

}  // namespace dbha::mirror
