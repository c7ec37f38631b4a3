#include "mirror/judgement.hpp"

namespace dbha::mirror {
namespace {

bool older(const Held& a, const Held& b) {
  return a.version < b.version;
}

/// At the same version the database wins, so that all its mirrors agree.
bool database_wins(const Held& store, const Held& database) {
  return older(store, database) || (store.version == database.version && store.removed != database.removed);
}

bool alive(const std::optional<Held>& side) {
  return side && !side->removed;
}

/// A store that has not held all of the table takes over what it does not know: that is how it is filled.
Action unknown_to_store(const Terms& terms, const Held& database) {
  if (database.removed) return Action::none;
  if (terms.direction == Direction::pull) return Action::adopt;
  if (!terms.owned) return Action::none;
  return terms.complete ? Action::suspect : Action::adopt;
}

}  // namespace

Action first_look(const Terms& terms, const std::optional<Held>& store, const std::optional<Held>& database) {
  if (!store) return database ? unknown_to_store(terms, *database) : Action::none;
  if (database && database_wins(*store, *database)) return Action::adopt;
  if (database && !older(*database, *store)) return Action::none;
  if (terms.direction == Direction::push) return Action::write;
  return store->removed ? Action::none : Action::suspect;
}

/// What a cache has newer than the database is kept for good: versions never go backwards.
Action second_look(const Terms& terms, std::uint64_t suspected, bool last, const std::optional<Held>& store,
                   const std::optional<Held>& database) {
  const Action now = first_look(terms, store, database);
  if (now != Action::suspect) return now == Action::adopt ? now : Action::none;
  if (!last) return Action::suspect;
  const bool pull = terms.direction == Direction::pull;
  const std::optional<Held>& doubtful = pull ? store : database;
  const std::optional<Held>& other = pull ? database : store;
  return !other && alive(doubtful) && doubtful->version == suspected ? Action::remove : Action::none;
}

}  // namespace dbha::mirror
