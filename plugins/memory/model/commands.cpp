/// What a node does with a client's command.

#include <algorithm>
#include <charconv>

#include "model/command_words.hpp"
#include "model/world.hpp"

namespace dbha::memory {
namespace {

Value error(std::string text) {
  return {Value::Kind::error, std::move(text), 0, {}};
}
Value status(std::string text) {
  return {Value::Kind::status, std::move(text), 0, {}};
}
Value integer(std::int64_t number) {
  return {Value::Kind::integer, {}, number, {}};
}

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

Value World::execute(Index i, const std::vector<std::string>& args) {
  if (auto why = refusal(args)) return error(std::move(*why));
  if (args[0] == "PING") return args.size() == 1 ? status("PONG") : Value{Value::Kind::text, args[1], 0, {}};
  if (args[0] == "PUBLISH") {
    publish(i, args[1], args[2]);
    return integer(0);
  }
  if (args[0] == "VSCAN") return scan_entries(i, args);
  const Partition partition = partition_of(args[1]);
  const auto keys = args[0] == "DEL" || args[0] == "EXISTS" ? args.end() : args.begin() + 2;
  if (std::any_of(args.begin() + 1, keys, [&](const auto& key) { return partition_of(key) != partition; }))
    return error("CROSSSLOT Keys in request don't hash to the same slot");
  if (auto elsewhere = redirection(i, partition)) return error(std::move(*elsewhere));
  return args[0].starts_with('V') ? execute_entry(i, args) : execute_keyed(i, args);
}

std::optional<std::string> World::redirection(Index i, Partition partition) const {
  const ClusterNode& n = nodes_[i];
  const Index* owner = n.picture.owners.find(partition);
  if (!owner) return "CLUSTERDOWN Hash slot not served";
  if (!n.ok) return "CLUSTERDOWN The cluster is down";
  const Index* moved = n.leaving.find(partition);
  const Index to = *owner == i && moved ? *moved : *owner;
  if (to == i) return std::nullopt;
  return "MOVED " + std::to_string(partition.value) + " " + nodes_[to].endpoint.text();
}

Value World::execute_keyed(Index i, const std::vector<std::string>& args) {
  const auto found = [&](const std::string& key) { return nodes_[i].data.find({partition_of(key), key}); };
  const auto none = nodes_[i].data.end();
  const auto value = found(args[1]);
  if (args[0] == "GET") return value == none ? Value{} : Value{Value::Kind::text, value->second, 0, {}};
  if (args[0] == "EXISTS")
    return integer(std::count_if(args.begin() + 1, args.end(), [&](const auto& key) { return found(key) != none; }));
  if (args[0] == "SET") {
    write(i, args[1], args[2]);
    return status("OK");
  }
  if (args[0] == "INCR") {
    const auto before = value == none ? std::optional<std::int64_t>(0) : number_in(value->second);
    if (!before || *before == INT64_MAX) return error("ERR value is not an integer or out of range");
    write(i, args[1], std::to_string(*before + 1));
    return integer(*before + 1);
  }
  std::int64_t deleted = 0;
  for (auto key = args.begin() + 1; key != args.end(); ++key) {
    if (found(*key) == none) continue;
    write(i, *key, std::nullopt);
    ++deleted;
  }
  return integer(deleted);
}

}  // namespace dbha::memory
