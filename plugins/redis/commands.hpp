#pragma once
/// What the driver knows of Redis commands: which only read, which cannot travel on a connection that all calls share,
/// and where their keys stand. Written down here, because a controller may not ask the database (COMMAND is not in its
/// ACL).

#include <cstddef>
#include <span>
#include <string>

namespace dbha::redis {

enum class CommandKind {
  other,     ///< may write: sent again only if the caller says so
  read,      ///< has no effect: always safe to send again
  stateful,  ///< changes the connection itself, for all other calls on it: MULTI, SUBSCRIBE, SELECT
  blocking,  ///< would stop the answers to all other calls: BLPOP, WAIT
};

/// The keys of a command: args[first], args[first + step], ...; all of them exist.
struct KeyPlaces {
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t step = 1;
  std::size_t place(std::size_t n) const { return first + n * step; }
  friend bool operator==(const KeyPlaces&, const KeyPlaces&) = default;
};

struct CommandFacts {
  CommandKind kind = CommandKind::other;
  KeyPlaces keys{};
};

/// Words in upper or lower case; no words have no keys. Of a command that is not known, the first argument is the key:
/// so it is with nearly all, those of modules included, and the node says MOVED where it is not.
CommandFacts facts_of(std::span<const std::string> args);

}  // namespace dbha::redis
