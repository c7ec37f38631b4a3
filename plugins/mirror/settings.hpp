#pragma once
/// The options of the plugin.

#include <string>
#include <vector>

#include <dbha/consistency.hpp>

#include "mirror/local_store.hpp"

namespace dbha::mirror {

inline constexpr OptionSpec option_specs[] = {
    {"tables", OptionType::text_list, nullptr, "the tables of which it is the source of truth"},
    {"file", OptionType::text, "", "its store; default: PROCESS.HANDLER.mirror.db in state_dir"},
    {"store_limit", OptionType::size, "0", "bytes of the store from which new writes are refused; 0: none"},
    {"durability", OptionType::text, "power",
     "what an accepted write survives: \"power\", also a power cut; \"process\", the end of the process only"},
    {"tombstone_ttl", OptionType::duration, "24h",
     "how long a removal is remembered after the database has confirmed it", 1000, 36'000'000'000},
    {"rate", OptionType::integer, "0", "entries a second that a resync compares or writes, at most; 0: no limit", 0,
     1'000'000'000},
};

struct Settings {
  std::string handler;  ///< of the configuration
  std::string process;
  std::vector<std::string> tables;
  StoreFile file;
  Duration tombstone_ttl = std::chrono::hours(24);
  double rate = 0;  ///< entries a second; 0: no limit
};

/// Throws ConfigError.
Settings read_settings(const ConsistencyContext& context);

}  // namespace dbha::mirror
