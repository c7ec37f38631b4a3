#pragma once
/// The database as a controller uses it.

#include <memory>

#include <dbha/backend.hpp>
#include <dbha/context.hpp>

#include "memory/server.hpp"

namespace dbha::memory {

/// Loop thread only. Completions and handlers may use the database and close it, but not destroy it. close() it before
/// it is destroyed: the destructor calls nobody.
///
/// A call whose first word is MEMORY is an order to the database as a whole (order.hpp): no node sees it, and it is
/// carried out also before the first topology and when no node lives.
std::unique_ptr<Database> make_database(const std::shared_ptr<Server>& server, EventLoop& loop, Log& log,
                                        DatabaseListener& listener, const DatabaseSettings& settings);

}  // namespace dbha::memory
