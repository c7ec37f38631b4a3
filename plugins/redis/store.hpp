#pragma once
/// Entries with versions in Redis Cluster. Everything goes through Database::submit, so redirects, repeats, deadlines
/// and the end are those of calls. How it lies in Redis: README.md of this folder.

#include <memory>

#include <dbha/backend.hpp>
#include <dbha/event_loop.hpp>
#include <dbha/versioned_store.hpp>

#include "redis/route.hpp"

namespace dbha::redis {

inline constexpr Duration default_tombstone_ttl = std::chrono::hours(24);

struct StoreSettings {
  Duration call_deadline;  ///< of operations that bear none of their own
  /// How long a removal is remembered: a write that comes later with an older version brings the entry back.
  Duration tombstone_ttl = default_tombstone_ttl;
};

/// All three references outlive it, and it outlives the calls of the database. `route`: what the database follows.
std::unique_ptr<VersionedStore> make_store(EventLoop& loop, Database& database, const Route& route,
                                           StoreSettings settings);

}  // namespace dbha::redis
