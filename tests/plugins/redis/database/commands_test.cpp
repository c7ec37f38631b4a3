#include "redis/commands.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace dbha::redis;

namespace {

std::vector<std::string> keys_of(const std::vector<std::string>& args) {
  const KeyPlaces places = facts_of(args).keys;
  std::vector<std::string> keys;
  for (std::size_t n = 0; n < places.count; ++n) keys.push_back(args.at(places.place(n)));
  return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("reads are known by name, and commands that cannot share a connection too") {
  const auto kind = [](std::vector<std::string> args) { return facts_of(args).kind; };
  CHECK(kind({"GET", "k"}) == CommandKind::read);
  CHECK(kind({"zrangebyscore", "k", "0", "1"}) == CommandKind::read);
  CHECK(kind({"PING"}) == CommandKind::read);
  for (const auto* name : {"SET", "INCR", "GETDEL", "GETEX", "SORT", "BITFIELD", "EVAL", "PUBLISH", "SPOP", ""}) {
    CHECK(kind({name}) == CommandKind::other);
  }
  for (const auto* name : {"MULTI", "exec", "SUBSCRIBE", "SELECT", "CLIENT", "HELLO", "QUIT", "MONITOR"}) {
    CHECK(kind({name}) == CommandKind::stateful);
  }
  CHECK(kind({"BLPOP", "l", "0"}) == CommandKind::blocking);
  CHECK(kind({"XREAD", "COUNT", "2", "block", "0", "STREAMS", "s", "$"}) == CommandKind::blocking);
  CHECK(kind({"XREAD", "COUNT", "2", "STREAMS", "BLOCK", "$"}) == CommandKind::read);
  CHECK(kind({"XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"}) == CommandKind::blocking);
  CHECK(kind({"XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"}) == CommandKind::other);
  CHECK(kind({std::string(100, 'G')}) == CommandKind::other);
  CHECK(kind({}) == CommandKind::other);
}

TEST_CASE("the keys of a command are found where the command has them") {
  CHECK(keys_of({"GET", "k"}) == Keys{"k"});
  CHECK(keys_of({"set", "k", "v", "EX", "10"}) == Keys{"k"});
  CHECK(keys_of({"MGET", "a", "b", "c"}) == Keys{"a", "b", "c"});
  CHECK(keys_of({"MSET", "a", "1", "b", "2"}) == Keys{"a", "b"});
  CHECK(keys_of({"MSET", "a", "1", "b"}) == Keys{"a", "b"});
  CHECK(keys_of({"BLPOP", "a", "b", "0"}) == Keys{"a", "b"});
  CHECK(keys_of({"RENAME", "a", "b"}) == Keys{"a", "b"});
  CHECK(keys_of({"BITOP", "AND", "dest", "a", "b"}) == Keys{"dest", "a", "b"});
  CHECK(keys_of({"OBJECT", "ENCODING", "k"}) == Keys{"k"});
  CHECK(keys_of({"EVAL", "return 1", "2", "a", "b", "c"}) == Keys{"a", "b"});
  CHECK(keys_of({"ZINTER", "2", "a", "b", "WITHSCORES"}) == Keys{"a", "b"});
  CHECK(keys_of({"ZUNIONSTORE", "dest", "2", "a", "b"}) == Keys{"dest"});
  CHECK(keys_of({"XREAD", "COUNT", "1", "STREAMS", "a", "b", "0", "0"}) == Keys{"a", "b"});
  CHECK(keys_of({"XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"}) == Keys{"s"});
  CHECK(keys_of({"JSON.SET", "k", "$", "1"}) == Keys{"k"});  // of a module: not known
}

TEST_CASE("a command without keys has none, and neither has one that is cut short or malformed") {
  for (const auto* name : {"PING", "PUBLISH", "DBSIZE", "SCAN", "SCRIPT", "FLUSHALL", "TIME"}) {
    CHECK(keys_of({name, "x", "y"}).empty());
  }
  CHECK(keys_of({}).empty());
  CHECK(keys_of({"GET"}).empty());
  CHECK(keys_of({"MGET"}).empty());
  CHECK(keys_of({"BLPOP", "0"}).empty());
  CHECK(keys_of({"EVAL", "return 1"}).empty());
  CHECK(keys_of({"EVAL", "return 1", "0"}).empty());
  CHECK(keys_of({"EVAL", "return 1", "-1", "a"}).empty());
  CHECK(keys_of({"EVAL", "return 1", "9", "a"}).empty());
  CHECK(keys_of({"EVAL", "return 1", "99999999999999", "a"}).empty());
  CHECK(keys_of({"XREAD", "COUNT", "1"}).empty());
}
