#include "demo/mirrored.hpp"

#include <future>
#include <stdexcept>

#include "lab/wait.hpp"

namespace dbha::demo {
namespace {

using namespace std::chrono_literals;

constexpr auto acknowledged_within = 10s;

template <class Write>
void write_all(const std::vector<EntryName>& names, Acknowledged& into, Write write) {
  std::vector<std::future<MirrorResult>> results;
  for (const auto& name : names) results.push_back(write(name));
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto ended = [&] { return results[i].wait_for(0s) == std::future_status::ready; };
    if (!lab::wait_until(acknowledged_within, ended))
      throw std::runtime_error("the database has not acknowledged a write of the mirror for 10 s");
    const MirrorResult result = results[i].get();
    if (!result.in_database)
      throw std::runtime_error("a write of the mirror has not come into the database: " + result.reason);
    into[names[i]] = result.version;
  }
}

}  // namespace

std::vector<EntryName> entries_in(const lab::SlotRange& slots, std::size_t first, std::size_t count) {
  std::vector<EntryName> out;
  for (std::size_t found = 0, i = 0; out.size() < count; ++i) {
    EntryName name{mirrored_table, "switch-" + std::to_string(i), "port"};
    const int slot = lab::slot_of(key_of(name));
    if (slot >= slots.first && slot <= slots.second && found++ >= first) out.push_back(std::move(name));
  }
  return out;
}

std::string key_of(const EntryName& name) {
  return '{' + name.table + '.' + name.topic + '}' + name.key;
}

void put_all(Mirror& mirror, const std::vector<EntryName>& names, const std::string& value, Acknowledged& into) {
  write_all(names, into,
            [&](const EntryName& name) { return mirror.put(name, value, {.wait = MirrorWait::database}); });
}

void remove_all(Mirror& mirror, const std::vector<EntryName>& names, Acknowledged& into) {
  write_all(names, into, [&](const EntryName& name) { return mirror.remove(name, {.wait = MirrorWait::database}); });
}

std::size_t count_lost(const Acknowledged& acknowledged, const std::vector<std::uint64_t>& versions) {
  std::size_t out = 0, i = 0;
  for (const auto& [name, version] : acknowledged)
    if (versions.at(i++) < version) ++out;
  return out;
}

}  // namespace dbha::demo
