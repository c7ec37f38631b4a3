/// What a node does with the commands of versioned entries: VGET k, VPUT k version value, VCREATE k version value,
/// VREMOVE k version, VNUMBER k floor, VSCAN first last after prefix VALUES|NAMES. Each is carried out whole.

#include <charconv>

#include "model/stored_entry.hpp"
#include "model/world.hpp"

namespace dbha::memory {
namespace {

constexpr std::size_t keys_a_page = 500;

Value error(std::string text) {
  return {Value::Kind::error, std::move(text), 0, {}};
}
Value integer(std::int64_t number) {
  return {Value::Kind::integer, {}, number, {}};
}
Value text(std::string what) {
  return {Value::Kind::text, std::move(what), 0, {}};
}
Value array(std::vector<Value> elements) {
  return {Value::Kind::array, {}, 0, std::move(elements)};
}
Value shown(const StoredEntry& entry) {
  return array({text(std::to_string(entry.version)), integer(entry.removed ? 1 : 0), text(entry.value)});
}

template <class T>
std::optional<T> number(const std::string& text) {
  T out{};
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

EntryWrite write_of(const std::string& command) {
  return command == "VPUT" ? EntryWrite::put : command == "VCREATE" ? EntryWrite::create : EntryWrite::remove;
}

/// Nothing: the version is none.
std::optional<StoredEntry> wanted_by(const std::vector<std::string>& args) {
  const auto version = read_version(args[2]);
  if (!version) return std::nullopt;
  if (write_of(args[0]) == EntryWrite::remove) return StoredEntry{*version, true, {}};
  return StoredEntry{*version, false, args[3]};
}

/// What VSCAN asks for, and how far it has come.
struct Walk {
  std::uint32_t partition;
  std::uint32_t last;
  std::string after;  // the key of the partition that was looked at last
  std::string prefix;
  bool values;
  std::size_t looked = 0;
  std::vector<Value> found{};
};

std::optional<Walk> walk_of(const std::vector<std::string>& args, std::uint32_t partitions) {
  const auto first = number<std::uint32_t>(args[1]);
  const auto last = number<std::uint32_t>(args[2]);
  const bool values = args[5] == "VALUES";
  if (!first || !last || *first > *last || *last >= partitions || (!values && args[5] != "NAMES")) return std::nullopt;
  return Walk{*first, *last, args[3], args[4], values};
}

/// False: the page is full.
bool look_at(Walk& walk, const std::string& key, const std::string& held) {
  if (walk.looked++ == keys_a_page) return false;
  walk.after = key;
  auto entry = key.starts_with(walk.prefix) ? read_entry(held) : std::nullopt;
  if (!entry) return true;
  if (!walk.values) entry->value.clear();
  Value fields = shown(*entry);
  fields.elements.insert(fields.elements.begin(), text(key));
  walk.found.push_back(std::move(fields));
  return true;
}

bool look_through(Walk& walk, const Data& data) {
  const Partition here{walk.partition};
  for (auto at = data.upper_bound({here, walk.after}); at != data.end() && at->first.first == here; ++at)
    if (!look_at(walk, at->first.second, at->second)) return false;
  return true;
}

}  // namespace

Value World::execute_entry(Index i, const std::vector<std::string>& args) {
  const auto at = nodes_[i].data.find({partition_of(args[1]), args[1]});
  const std::string* held = at != nodes_[i].data.end() ? &at->second : nullptr;
  if (args[0] == "VNUMBER") return next_number(i, args, held);
  const auto before = held ? read_entry(*held) : std::nullopt;
  if (held && !before) return error("NOENTRY expected a version and then d with a value, or x");
  if (args[0] == "VGET") return before ? shown(*before) : Value{};
  const auto wanted = wanted_by(args);
  if (!wanted) return error("ERR a version is a number from 1 to 18446744073709551615");
  const Ruling ruling = rule(write_of(args[0]), before, *wanted);
  if (ruling == Ruling::leave) return shown(*before);
  if (ruling == Ruling::apply) write(i, args[1], text_of(*wanted));
  return integer(1);
}

Value World::next_number(Index i, const std::vector<std::string>& args, const std::string* held) {
  const auto given = held ? number<std::int64_t>(*held) : std::int64_t{0};
  const auto floor = number<std::int64_t>(args[2]);
  if (!given || !floor) return error("ERR value is not an integer or out of range");
  const std::int64_t above = std::max(*given, *floor);
  if (above == INT64_MAX) return error("ERR increment or decrement would overflow");
  write(i, args[1], std::to_string(above + 1));
  return integer(above + 1);
}

/// The keys of a partition in their order, and then those of the next, for as long as it owns them: a position means
/// the same on each node, so that one node goes on where another has stopped. Answers with where to go on, and what it
/// found.
Value World::scan_entries(Index i, const std::vector<std::string>& args) const {
  auto walk = walk_of(args, settings_.partitions);
  if (!walk) return error("ERR VSCAN wants two partitions, a key, a prefix and VALUES or NAMES");
  if (auto elsewhere = redirection(i, {walk->partition})) return error(std::move(*elsewhere));
  while (look_through(*walk, nodes_[i].data)) {
    ++walk->partition;
    walk->after.clear();
    if (walk->partition > walk->last || redirection(i, {walk->partition})) break;
  }
  return array({integer(walk->partition), text(walk->after), array(std::move(walk->found))});
}

}  // namespace dbha::memory
