#pragma once
/// What the driver knows of Redis commands: which only read, and which cannot travel on a connection that all calls
/// share. Written down here, because a controller may not ask the database (COMMAND is not in its ACL).

#include <span>
#include <string>

namespace dbha::redis {

enum class CommandKind {
  other,     ///< may write: sent again only if the caller says so
  read,      ///< has no effect: always safe to send again
  stateful,  ///< changes the connection itself, for all other calls on it: MULTI, SUBSCRIBE, SELECT
  blocking,  ///< would stop the answers to all other calls: BLPOP, WAIT
};

/// Words in upper or lower case; no words are `other`.
CommandKind kind_of(std::span<const std::string> args);

}  // namespace dbha::redis
