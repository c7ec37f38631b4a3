#pragma once
/// Redis Cluster as a controller uses it.

#include <memory>

#include <dbha/backend.hpp>
#include <dbha/context.hpp>

#include "redis/access.hpp"
#include "redis/store.hpp"

namespace dbha::redis {

/// Loop thread only. Completions and handlers may use the database and close it, but not destroy it. close() it before
/// it is destroyed: the destructor calls nobody, because what completions refer to may be gone by then. Sends no
/// command that asks for the topology, nor anything else that an ACL user without CLUSTER, INFO, ROLE, CONFIG and
/// COMMAND may not send: besides the calls it is AUTH, CLIENT SETNAME, PING, ASKING, SUBSCRIBE and UNSUBSCRIBE.
///
/// Calls for one key that wait leave in the order of submission. No order is promised between a call that was
/// redirected, or that stays for the reply of a former owner, and those submitted after it.
std::unique_ptr<Database> make_database(EventLoop& loop, Log& log, DatabaseListener& listener,
                                        const DatabaseSettings& settings, const Access& access,
                                        Duration tombstone_ttl = default_tombstone_ttl);

}  // namespace dbha::redis
