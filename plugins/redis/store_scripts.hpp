#pragma once
/// The guards of the store, carried out by Redis, each on one key or on several of one slot. A script and its arguments
/// may be repeated without harm.

#include <string>

namespace dbha::redis {

/// EVALSHA sends the hash only: half as much again of the writes a second, and 40 bytes in the queue instead of a
/// thousand. EVAL teaches the script to a node that answers NOSCRIPT.
struct Script {
  std::string text;
  std::string sha;  ///< SHA-1 of the text; a test compares it with what Redis computes
};

/// All but the last return 1 if what was asked for is stored now, else the fields v, x and d that are stored.
const Script& put_script();     ///< ARGV: version, value
const Script& create_script();  ///< ARGV: version, value
const Script& remove_script();  ///< ARGV: version, TTL of the tombstone in ms
/// The fields v, x and d. Unlike HMGET it tells a hash of something else from no hash.
const Script& look_script();
/// ARGV: TTL of tombstones in ms; then for each key the version, the field ("d" or "x") and the data. For each key 1 if
/// it is stored now, else the fields v and x that are stored, or why it holds no entry.
const Script& write_each_script();
const Script& number_script();  ///< ARGV: floor. Returns the next number, as text

}  // namespace dbha::redis
