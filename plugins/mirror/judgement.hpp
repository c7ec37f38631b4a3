#pragma once
/// What is to be done about an entry that the store and the database may have differently. Pure.
///
/// An entry that one side lacks was either removed there and the removal forgotten, or it was lost; a removal that
/// should not have been is worse than one that comes late. So what the truth does not know is suspect at first, and is
/// removed only if a second look, some time later, finds it just the same.

#include <cstdint>
#include <optional>

#include "mirror/row.hpp"

namespace dbha::mirror {

/// Whose word counts.
enum class Direction {
  push,  ///< the store's: the database is brought up to it
  pull,  ///< the database's: the store is a cache of it
};

/// What one side has of an entry.
struct Held {
  std::uint64_t version = 0;
  bool removed = false;
  friend bool operator==(const Held&, const Held&) = default;
};

inline Held held(const Entry& entry) {
  return {entry.version, entry.removed};
}

/// How it is with the entry's table.
struct Terms {
  Direction direction = Direction::push;
  bool owned = false;     ///< of push: nobody else writes it
  bool complete = false;  ///< the store has held all of it once; else it is new, or what it held is lost
};

enum class Action {
  none,
  write,    ///< the store's into the database
  adopt,    ///< the database's into the store
  suspect,  ///< one side lacks it: look again later
  remove,   ///< from the side that is not the truth
};

/// Nothing: that side knows no such entry.
Action first_look(const Terms& terms, const std::optional<Held>& store, const std::optional<Held>& database);

/// At one that was suspect under this version. `last`: the second pass; before it a look may only acquit.
Action second_look(const Terms& terms, std::uint64_t suspected, bool last, const std::optional<Held>& store,
                   const std::optional<Held>& database);

}  // namespace dbha::mirror
