#include "lost_writes/database.hpp"

#include <cstdlib>

namespace dbha::test {
namespace {

/// One question a primary: a round trip for each of its entries would take a second.
const std::string all_entries = R"(
local out = {}
for _, key in ipairs(redis.call('KEYS', '{ports.*')) do
  local e = redis.call('HMGET', key, 'v', 'x', 'd')
  out[#out + 1] = {key, e[1] or '', e[2] or '', e[3] or ''}
end
return out)";

int entry_of(const std::string& key) {
  return std::atoi(key.c_str() + key.rfind('-') + 1);
}

}  // namespace

Contents contents_of(lab::RedisCluster& cluster) {
  Contents out;
  for (const auto primary : cluster.primaries()) {
    const auto reply = cluster.client(primary).demand({"EVAL", all_entries, "0"});
    for (const auto& entry : reply.elements)
      out[entry_of(entry.elements.at(0).text)] = {std::strtoull(entry.elements.at(1).text.c_str(), nullptr, 10),
                                                  !entry.elements.at(2).text.empty(), entry.elements.at(3).text};
  }
  return out;
}

}  // namespace dbha::test
