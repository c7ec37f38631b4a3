#pragma once
/// The options of the plugin.

#include <algorithm>
#include <string>
#include <vector>

#include <dbha/consistency.hpp>

#include "mirror/judgement.hpp"
#include "mirror/local_store.hpp"

namespace dbha::mirror {

inline constexpr OptionSpec option_specs[] = {
    {"tables", OptionType::text_list, nullptr, "the tables that it holds"},
    {"direction", OptionType::text, "push",
     "\"push\": its store is the truth, and the database is brought up to it; \"pull\": its store is a cache of the "
     "database"},
    {"topics", OptionType::text_list, "", "of pull: the topics of the tables that it holds; default: all"},
    {"announce", OptionType::flag, "true", "of push: tell caches on pub/sub what the database has confirmed"},
    {"compare_every", OptionType::duration, "1h",
     "of pull: how often it looks for what it has not been told; 0s: never, but at each start", 0, 2'592'000'000},
    {"file", OptionType::text, "", "its store; default: PROCESS.HANDLER.mirror.db in state_dir"},
    {"store_limit", OptionType::size, "0", "bytes of the store from which new writes are refused; 0: none"},
    {"durability", OptionType::text, "power",
     "what an accepted write survives: \"power\", also a power cut; \"process\", the end of the process only"},
    {"tombstone_ttl", OptionType::duration, "24h",
     "how long a removal is remembered after the database has confirmed it", 1000, 36'000'000'000},
    {"rate", OptionType::integer, "0",
     "entries a second that a resync, or dbha verify, compares or writes, at most; 0: no limit", 0, 1'000'000'000},
    {"resync", OptionType::flag, "true",
     "after a dbrestart; false: only when it is told to by hand, and what a failover loses stays lost until then"},
    {"owned", OptionType::text_list, "",
     "those of the tables that nobody else writes: what the database has there and the store does not know is removed"},
    {"remove_after", OptionType::duration, "1m",
     "how long after it was missed on one side an entry is removed from the other, if it is still missed", 10,
     86'400'000},
};

struct Settings {
  std::string handler;  ///< of the configuration
  std::string process;
  std::vector<std::string> tables;
  StoreFile file;
  Duration tombstone_ttl = std::chrono::hours(24);
  double rate = 0;     ///< entries a second; 0: no limit
  bool resync = true;  ///< false: by hand only
  Direction direction = Direction::push;
  std::vector<std::string> owned{};  ///< of push: those of the tables that nobody else writes
  Duration remove_after = std::chrono::minutes(1);
  std::vector<std::string> topics{};               ///< of pull: those of the tables that are cached; empty: all
  Duration compare_every = std::chrono::hours(1);  ///< of pull; 0: never
  bool announce = true;                            ///< of push

  /// Of pull: it is cached.
  bool lists(const EntryName& name) const { return topics.empty() || contains(topics, name.topic); }
  bool owns(const std::string& table) const { return contains(owned, table); }
  static bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }
};

/// Throws ConfigError.
Settings read_settings(const ConsistencyContext& context);

}  // namespace dbha::mirror
