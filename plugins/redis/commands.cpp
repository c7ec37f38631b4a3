#include "redis/commands.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dbha::redis {
namespace {

struct Entry {
  std::string_view name;
  CommandKind kind;
};

constexpr CommandKind read = CommandKind::read;
constexpr CommandKind stateful = CommandKind::stateful;
constexpr CommandKind blocking = CommandKind::blocking;

// Sorted by name. PFCOUNT and TOUCH write, but nothing that a second time would change. SORT may STORE, GETEX expires,
// BITFIELD and GEORADIUS may write: only their _RO forms are reads.
constexpr std::array commands{
    Entry{"ASKING", stateful},
    Entry{"AUTH", stateful},
    Entry{"BITCOUNT", read},
    Entry{"BITFIELD_RO", read},
    Entry{"BITPOS", read},
    Entry{"BLMOVE", blocking},
    Entry{"BLMPOP", blocking},
    Entry{"BLPOP", blocking},
    Entry{"BRPOP", blocking},
    Entry{"BRPOPLPUSH", blocking},
    Entry{"BZMPOP", blocking},
    Entry{"BZPOPMAX", blocking},
    Entry{"BZPOPMIN", blocking},
    Entry{"CLIENT", stateful},
    Entry{"DBSIZE", read},
    Entry{"DISCARD", stateful},
    Entry{"DUMP", read},
    Entry{"ECHO", read},
    Entry{"EVALSHA_RO", read},
    Entry{"EVAL_RO", read},
    Entry{"EXEC", stateful},
    Entry{"EXISTS", read},
    Entry{"EXPIRETIME", read},
    Entry{"FCALL_RO", read},
    Entry{"GEODIST", read},
    Entry{"GEOHASH", read},
    Entry{"GEOPOS", read},
    Entry{"GEORADIUSBYMEMBER_RO", read},
    Entry{"GEORADIUS_RO", read},
    Entry{"GEOSEARCH", read},
    Entry{"GET", read},
    Entry{"GETBIT", read},
    Entry{"GETRANGE", read},
    Entry{"HELLO", stateful},
    Entry{"HEXISTS", read},
    Entry{"HGET", read},
    Entry{"HGETALL", read},
    Entry{"HKEYS", read},
    Entry{"HLEN", read},
    Entry{"HMGET", read},
    Entry{"HRANDFIELD", read},
    Entry{"HSCAN", read},
    Entry{"HSTRLEN", read},
    Entry{"HVALS", read},
    Entry{"KEYS", read},
    Entry{"LCS", read},
    Entry{"LINDEX", read},
    Entry{"LLEN", read},
    Entry{"LPOS", read},
    Entry{"LRANGE", read},
    Entry{"MEMORY", read},
    Entry{"MGET", read},
    Entry{"MONITOR", stateful},
    Entry{"MULTI", stateful},
    Entry{"OBJECT", read},
    Entry{"PEXPIRETIME", read},
    Entry{"PFCOUNT", read},
    Entry{"PING", read},
    Entry{"PSUBSCRIBE", stateful},
    Entry{"PSYNC", stateful},
    Entry{"PTTL", read},
    Entry{"PUNSUBSCRIBE", stateful},
    Entry{"QUIT", stateful},
    Entry{"RANDOMKEY", read},
    Entry{"READONLY", stateful},
    Entry{"READWRITE", stateful},
    Entry{"RESET", stateful},
    Entry{"SCAN", read},
    Entry{"SCARD", read},
    Entry{"SDIFF", read},
    Entry{"SELECT", stateful},
    Entry{"SINTER", read},
    Entry{"SINTERCARD", read},
    Entry{"SISMEMBER", read},
    Entry{"SMEMBERS", read},
    Entry{"SMISMEMBER", read},
    Entry{"SORT_RO", read},
    Entry{"SRANDMEMBER", read},
    Entry{"SSCAN", read},
    Entry{"SSUBSCRIBE", stateful},
    Entry{"STRLEN", read},
    Entry{"SUBSCRIBE", stateful},
    Entry{"SUBSTR", read},
    Entry{"SUNION", read},
    Entry{"SUNSUBSCRIBE", stateful},
    Entry{"SYNC", stateful},
    Entry{"TIME", read},
    Entry{"TOUCH", read},
    Entry{"TTL", read},
    Entry{"TYPE", read},
    Entry{"UNSUBSCRIBE", stateful},
    Entry{"UNWATCH", stateful},
    Entry{"WAIT", blocking},
    Entry{"WAITAOF", blocking},
    Entry{"WATCH", stateful},
    Entry{"XINFO", read},
    Entry{"XLEN", read},
    Entry{"XPENDING", read},
    Entry{"XRANGE", read},
    Entry{"XREAD", read},
    Entry{"XREVRANGE", read},
    Entry{"ZCARD", read},
    Entry{"ZCOUNT", read},
    Entry{"ZDIFF", read},
    Entry{"ZINTER", read},
    Entry{"ZINTERCARD", read},
    Entry{"ZLEXCOUNT", read},
    Entry{"ZMSCORE", read},
    Entry{"ZRANDMEMBER", read},
    Entry{"ZRANGE", read},
    Entry{"ZRANGEBYLEX", read},
    Entry{"ZRANGEBYSCORE", read},
    Entry{"ZRANK", read},
    Entry{"ZREVRANGE", read},
    Entry{"ZREVRANGEBYLEX", read},
    Entry{"ZREVRANGEBYSCORE", read},
    Entry{"ZREVRANK", read},
    Entry{"ZSCAN", read},
    Entry{"ZSCORE", read},
    Entry{"ZUNION", read},
};

static_assert(std::is_sorted(commands.begin(), commands.end(),
                             [](const Entry& a, const Entry& b) { return a.name < b.name; }));

using Upper = std::array<char, 24>;

/// The word in upper case; empty if it is longer than any that matters.
std::string_view upper(std::string_view word, Upper& buffer) {
  if (word.size() > buffer.size()) return {};
  std::transform(word.begin(), word.end(), buffer.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
  return {buffer.data(), word.size()};
}

/// XREAD and XREADGROUP wait only with BLOCK, which stands before STREAMS and the keys.
bool asks_to_block(std::span<const std::string> args) {
  for (const std::string& arg : args.subspan(1)) {
    Upper buffer;
    const auto word = upper(arg, buffer);
    if (word == "BLOCK") return true;
    if (word == "STREAMS") return false;
  }
  return false;
}

}  // namespace

CommandKind kind_of(std::span<const std::string> args) {
  if (args.empty()) return CommandKind::other;
  Upper buffer;
  const auto name = upper(args.front(), buffer);
  if (name.starts_with("XREAD") && asks_to_block(args)) return CommandKind::blocking;
  const auto at =
      std::lower_bound(commands.begin(), commands.end(), name, [](const Entry& e, auto n) { return e.name < n; });
  return at != commands.end() && at->name == name ? at->kind : CommandKind::other;
}

}  // namespace dbha::redis
