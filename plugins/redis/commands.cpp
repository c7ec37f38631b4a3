#include "redis/commands.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "redis/text_fields.hpp"

namespace dbha::redis {
namespace {

/// Where a command's keys stand.
struct KeyRule {
  enum class Kind : std::uint8_t { none, range, counted, behind_streams };
  Kind kind = Kind::range;
  std::int8_t first = 1;  // of `counted`: where the number of keys stands
  std::int8_t last = 1;   // negative: from the end
  std::int8_t step = 1;
};

constexpr KeyRule none{KeyRule::Kind::none};
constexpr KeyRule behind_streams{KeyRule::Kind::behind_streams};
constexpr KeyRule at(std::int8_t place) {
  return {KeyRule::Kind::range, place, place};
}
constexpr KeyRule range(std::int8_t first, std::int8_t last, std::int8_t step = 1) {
  return {KeyRule::Kind::range, first, last, step};
}
constexpr KeyRule counted(std::int8_t place) {
  return {KeyRule::Kind::counted, place};
}

struct Entry {
  std::string_view name;
  CommandKind kind = CommandKind::other;
  KeyRule keys = at(1);
};

constexpr CommandKind other = CommandKind::other;
constexpr CommandKind read = CommandKind::read;
constexpr CommandKind stateful = CommandKind::stateful;
constexpr CommandKind blocking = CommandKind::blocking;

// Sorted by name. What is not here may write, and has its key first. PFCOUNT and TOUCH write, but nothing that a second
// time would change. SORT may STORE, GETEX expires, BITFIELD and GEORADIUS may write: only their _RO forms are reads.
// Of a command that stores (ZUNIONSTORE) the first key is enough: the others must be in its slot.
constexpr std::array commands{
    Entry{"ACL", other, none},
    Entry{"ASKING", stateful, none},
    Entry{"AUTH", stateful, none},
    Entry{"BGREWRITEAOF", other, none},
    Entry{"BGSAVE", other, none},
    Entry{"BITCOUNT", read},
    Entry{"BITFIELD_RO", read},
    Entry{"BITOP", other, range(2, -1)},
    Entry{"BITPOS", read},
    Entry{"BLMOVE", blocking, range(1, 2)},
    Entry{"BLMPOP", blocking, counted(2)},
    Entry{"BLPOP", blocking, range(1, -2)},
    Entry{"BRPOP", blocking, range(1, -2)},
    Entry{"BRPOPLPUSH", blocking, range(1, 2)},
    Entry{"BZMPOP", blocking, counted(2)},
    Entry{"BZPOPMAX", blocking, range(1, -2)},
    Entry{"BZPOPMIN", blocking, range(1, -2)},
    Entry{"CLIENT", stateful, none},
    Entry{"CLUSTER", other, none},
    Entry{"COMMAND", other, none},
    Entry{"CONFIG", other, none},
    Entry{"COPY", other, range(1, 2)},
    Entry{"DBSIZE", read, none},
    Entry{"DEBUG", other, none},
    Entry{"DEL", other, range(1, -1)},
    Entry{"DISCARD", stateful, none},
    Entry{"DUMP", read},
    Entry{"ECHO", read, none},
    Entry{"EVAL", other, counted(2)},
    Entry{"EVALSHA", other, counted(2)},
    Entry{"EVALSHA_RO", read, counted(2)},
    Entry{"EVAL_RO", read, counted(2)},
    Entry{"EXEC", stateful, none},
    Entry{"EXISTS", read, range(1, -1)},
    Entry{"EXPIRETIME", read},
    Entry{"FAILOVER", other, none},
    Entry{"FCALL", other, counted(2)},
    Entry{"FCALL_RO", read, counted(2)},
    Entry{"FLUSHALL", other, none},
    Entry{"FLUSHDB", other, none},
    Entry{"FUNCTION", other, none},
    Entry{"GEODIST", read},
    Entry{"GEOHASH", read},
    Entry{"GEOPOS", read},
    Entry{"GEORADIUSBYMEMBER_RO", read},
    Entry{"GEORADIUS_RO", read},
    Entry{"GEOSEARCH", read},
    Entry{"GEOSEARCHSTORE", other, range(1, 2)},
    Entry{"GET", read},
    Entry{"GETBIT", read},
    Entry{"GETRANGE", read},
    Entry{"HELLO", stateful, none},
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
    Entry{"INFO", other, none},
    Entry{"KEYS", read, none},
    Entry{"LASTSAVE", other, none},
    Entry{"LATENCY", other, none},
    Entry{"LCS", read, range(1, 2)},
    Entry{"LINDEX", read},
    Entry{"LLEN", read},
    Entry{"LMOVE", other, range(1, 2)},
    Entry{"LMPOP", other, counted(1)},
    Entry{"LOLWUT", other, none},
    Entry{"LPOS", read},
    Entry{"LRANGE", read},
    Entry{"MEMORY", read, at(2)},
    Entry{"MGET", read, range(1, -1)},
    Entry{"MIGRATE", other, at(3)},
    Entry{"MODULE", other, none},
    Entry{"MONITOR", stateful, none},
    Entry{"MSET", other, range(1, -1, 2)},
    Entry{"MSETNX", other, range(1, -1, 2)},
    Entry{"MULTI", stateful, none},
    Entry{"OBJECT", read, at(2)},
    Entry{"PEXPIRETIME", read},
    Entry{"PFCOUNT", read, range(1, -1)},
    Entry{"PFDEBUG", other, at(2)},
    Entry{"PFMERGE", other, range(1, -1)},
    Entry{"PING", read, none},
    Entry{"PSUBSCRIBE", stateful, none},
    Entry{"PSYNC", stateful, none},
    Entry{"PTTL", read},
    Entry{"PUBLISH", other, none},
    Entry{"PUBSUB", other, none},
    Entry{"PUNSUBSCRIBE", stateful, none},
    Entry{"QUIT", stateful, none},
    Entry{"RANDOMKEY", read, none},
    Entry{"READONLY", stateful, none},
    Entry{"READWRITE", stateful, none},
    Entry{"RENAME", other, range(1, 2)},
    Entry{"RENAMENX", other, range(1, 2)},
    Entry{"REPLICAOF", other, none},
    Entry{"RESET", stateful, none},
    Entry{"ROLE", other, none},
    Entry{"RPOPLPUSH", other, range(1, 2)},
    Entry{"SAVE", other, none},
    Entry{"SCAN", read, none},
    Entry{"SCARD", read},
    Entry{"SCRIPT", other, none},
    Entry{"SDIFF", read, range(1, -1)},
    Entry{"SDIFFSTORE", other, range(1, -1)},
    Entry{"SELECT", stateful, none},
    Entry{"SHUTDOWN", other, none},
    Entry{"SINTER", read, range(1, -1)},
    Entry{"SINTERCARD", read, counted(1)},
    Entry{"SINTERSTORE", other, range(1, -1)},
    Entry{"SISMEMBER", read},
    Entry{"SLAVEOF", other, none},
    Entry{"SLOWLOG", other, none},
    Entry{"SMEMBERS", read},
    Entry{"SMISMEMBER", read},
    Entry{"SMOVE", other, range(1, 2)},
    Entry{"SORT_RO", read},
    Entry{"SRANDMEMBER", read},
    Entry{"SSCAN", read},
    Entry{"SSUBSCRIBE", stateful, none},
    Entry{"STRLEN", read},
    Entry{"SUBSCRIBE", stateful, none},
    Entry{"SUBSTR", read},
    Entry{"SUNION", read, range(1, -1)},
    Entry{"SUNIONSTORE", other, range(1, -1)},
    Entry{"SUNSUBSCRIBE", stateful, none},
    Entry{"SWAPDB", other, none},
    Entry{"SYNC", stateful, none},
    Entry{"TIME", read, none},
    Entry{"TOUCH", read, range(1, -1)},
    Entry{"TTL", read},
    Entry{"TYPE", read},
    Entry{"UNLINK", other, range(1, -1)},
    Entry{"UNSUBSCRIBE", stateful, none},
    Entry{"UNWATCH", stateful, none},
    Entry{"WAIT", blocking, none},
    Entry{"WAITAOF", blocking, none},
    Entry{"WATCH", stateful, range(1, -1)},
    Entry{"XGROUP", other, at(2)},
    Entry{"XINFO", read, at(2)},
    Entry{"XLEN", read},
    Entry{"XPENDING", read},
    Entry{"XRANGE", read},
    Entry{"XREAD", read, behind_streams},
    Entry{"XREADGROUP", other, behind_streams},
    Entry{"XREVRANGE", read},
    Entry{"ZCARD", read},
    Entry{"ZCOUNT", read},
    Entry{"ZDIFF", read, counted(1)},
    Entry{"ZINTER", read, counted(1)},
    Entry{"ZINTERCARD", read, counted(1)},
    Entry{"ZLEXCOUNT", read},
    Entry{"ZMPOP", other, counted(1)},
    Entry{"ZMSCORE", read},
    Entry{"ZRANDMEMBER", read},
    Entry{"ZRANGE", read},
    Entry{"ZRANGEBYLEX", read},
    Entry{"ZRANGEBYSCORE", read},
    Entry{"ZRANGESTORE", other, range(1, 2)},
    Entry{"ZRANK", read},
    Entry{"ZREVRANGE", read},
    Entry{"ZREVRANGEBYLEX", read},
    Entry{"ZREVRANGEBYSCORE", read},
    Entry{"ZREVRANK", read},
    Entry{"ZSCAN", read},
    Entry{"ZSCORE", read},
    Entry{"ZUNION", read, counted(1)},
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

/// Where STREAMS stands in XREAD and XREADGROUP; the end if it is missing.
std::size_t streams_at(std::span<const std::string> args) {
  const auto at = std::find_if(args.begin(), args.end(), [](const std::string& arg) {
    Upper buffer;
    return upper(arg, buffer) == "STREAMS";
  });
  return static_cast<std::size_t>(at - args.begin());
}

/// They wait only with BLOCK, which stands before STREAMS and the keys.
bool asks_to_block(std::span<const std::string> args) {
  const auto options = args.first(streams_at(args));
  return std::any_of(options.begin(), options.end(), [](const std::string& arg) {
    Upper buffer;
    return upper(arg, buffer) == "BLOCK";
  });
}

Entry entry_of(std::span<const std::string> args) {
  if (args.empty()) return {{}, other, none};
  Upper buffer;
  const auto name = upper(args.front(), buffer);
  const auto at =
      std::lower_bound(commands.begin(), commands.end(), name, [](const Entry& e, auto n) { return e.name < n; });
  return at != commands.end() && at->name == name ? *at : Entry{};
}

KeyPlaces range_of(const KeyRule& rule, std::size_t size) {
  const auto first = static_cast<std::size_t>(int{rule.first});
  const auto step = static_cast<std::size_t>(int{rule.step});
  const auto end = rule.last >= 0 ? std::size_t(rule.last) + 1 : size + 1 - std::min(size, std::size_t(-rule.last));
  if (first >= size || first >= end) return {};
  return {first, (std::min(end, size) - first + step - 1) / step, step};
}

/// "EVAL script 2 a b": a number, then so many keys. A number that is none, or too large, is for the database to
/// refuse.
KeyPlaces counted_at(std::size_t place, std::span<const std::string> args) {
  if (place >= args.size()) return {};
  const auto count = number<std::uint32_t>(args[place]);
  if (!count || *count > args.size() - place - 1) return {};
  return {place + 1, *count, 1};
}

/// "... STREAMS a b id id": the first half of what follows.
KeyPlaces behind_word(std::size_t place, std::size_t size) {
  return place < size ? KeyPlaces{place + 1, (size - place - 1) / 2, 1} : KeyPlaces{};
}

KeyPlaces places(const KeyRule& rule, std::span<const std::string> args) {
  switch (rule.kind) {
    case KeyRule::Kind::none:
      return {};
    case KeyRule::Kind::range:
      return range_of(rule, args.size());
    case KeyRule::Kind::counted:
      return counted_at(static_cast<std::size_t>(rule.first), args);
    case KeyRule::Kind::behind_streams:
      return behind_word(streams_at(args), args.size());
  }
  return {};
}

}  // namespace

CommandFacts facts_of(std::span<const std::string> args) {
  const Entry entry = entry_of(args);
  const bool blocks = entry.keys.kind == KeyRule::Kind::behind_streams && asks_to_block(args);
  return {blocks ? blocking : entry.kind, places(entry.keys, args)};
}

}  // namespace dbha::redis
