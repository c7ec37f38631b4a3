#include "redis/store_scripts.hpp"

namespace dbha::redis {
namespace {

/// Versions are compared as decimals, because a number of Lua is exact up to 2^53 only.
const std::string decimals = R"(
local function decimal(text) return string.find(text, '^[1-9]%d*$') end
local function newer(a, b) return #a > #b or (#a == #b and a > b) end
)";

/// What is stored, before anything is written.
const std::string look = decimals + R"(
local key = KEYS[1]
local was = redis.call('HMGET', key, 'v', 'x', 'd')
local v, x, d = was[1], was[2], was[3]
if v then
  if not decimal(v) or #v > 20 or (x and d) or not (x or d) then
    return redis.error_reply('NOENTRY expected a version in field v, and either a field d or a field x')
  end
elseif redis.call('EXISTS', key) == 1 then
  return redis.error_reply('NOENTRY it is a hash without a field v')
end
)";

const std::string write = R"(
redis.call('HSET', key, 'v', ARGV[1], 'd', ARGV[2])
if x then
  redis.call('HDEL', key, 'x')
  redis.call('PERSIST', key)
end
return 1
)";

/// As the scripts for one key, but without ending at the first that holds no entry. Where there is nothing, which is
/// what a resync meets most, it is two commands.
const std::string write_each = decimals + R"(
local call = redis.call
local function look(key)
  local was = call('HMGET', key, 'v', 'x', 'd')
  local v, x, d = was[1], was[2], was[3]
  if not v then return nil, redis.error_reply('NOENTRY it is a hash without a field v') end
  if not decimal(v) or #v > 20 or (x and d) or not (x or d) then
    return nil, redis.error_reply('NOENTRY expected a version in field v, and either a field d or a field x')
  end
  return was
end
local function put(key, version, value)
  local fields = redis.pcall('HLEN', key)
  if fields == 0 then
    call('HSET', key, 'v', version, 'd', value)
    return 1
  end
  if type(fields) == 'table' then return fields end
  local was, wrong = look(key)
  if wrong then return wrong end
  local v, x = was[1], was[2]
  if v == version and was[3] == value then return 1 end
  if not newer(version, v) then return {v, x} end
  call('HSET', key, 'v', version, 'd', value)
  if x then
    call('HDEL', key, 'x')
    call('PERSIST', key)
  end
  return 1
end
local function remove(key, version)
  local fields = redis.pcall('HLEN', key)
  if fields ~= 0 then
    if type(fields) == 'table' then return fields end
    local was, wrong = look(key)
    if wrong then return wrong end
    local v, x = was[1], was[2]
    if v == version and x then return 1 end
    if not newer(version, v) then return {v, x} end
  end
  call('HSET', key, 'v', version, 'x', '1')
  if fields ~= 0 then call('HDEL', key, 'd') end
  call('PEXPIRE', key, ARGV[1])
  return 1
end
local out = {}
for i, key in ipairs(KEYS) do
  local version, field, value = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  out[i] = field == 'x' and remove(key, version) or put(key, version, value)
end
return out
)";

}  // namespace

const Script& put_script() {
  static const Script script{look + R"(
if v == ARGV[1] and d == ARGV[2] then return 1 end
if v and not newer(ARGV[1], v) then return was end
)" + write,
                             "9094f0cfa00f844562b56414d0c86b021ab19364"};
  return script;
}

const Script& create_script() {
  static const Script script{look + R"(
if v == ARGV[1] and d == ARGV[2] then return 1 end
if v and not (x and newer(ARGV[1], v)) then return was end
)" + write,
                             "2693269732ac65f8cc9a4dc702d5ef596fe2203a"};
  return script;
}

const Script& remove_script() {
  static const Script script{look + R"(
if v == ARGV[1] and x then return 1 end
if v and not newer(ARGV[1], v) then return was end
redis.call('HSET', key, 'v', ARGV[1], 'x', '1')
redis.call('HDEL', key, 'd')
redis.call('PEXPIRE', key, ARGV[2])
return 1
)",
                             "42d7419736181fd8da125f73fdb7768d1f4eb975"};
  return script;
}

const Script& look_script() {
  static const Script script{look + "return was\n", "db50a9b531b54f910f07a61552367b2bd115494e"};
  return script;
}

const Script& write_each_script() {
  static const Script script{write_each, "8c027c176b78fa9d98fc9cd866a47da6f025d7d5"};
  return script;
}

const Script& number_script() {
  static const Script script{decimals + R"(
local key = KEYS[1]
local n = redis.call('GET', key)
if n and n ~= '0' and not decimal(n) then return redis.error_reply('NOENTRY it is a string that is no number') end
if newer(ARGV[1], n or '0') then redis.call('SET', key, ARGV[1]) end
redis.call('INCR', key)
return redis.call('GET', key)
)",
                             "eef292436638a38f85a1fa7f86100bf3f84f50f1"};
  return script;
}

}  // namespace dbha::redis
