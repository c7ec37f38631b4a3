#pragma once
/// What is not the same in the store and in the database. Pure.

#include <optional>

#include <dbha/verifier.hpp>

#include "mirror/row.hpp"

namespace dbha::mirror {

/// Nothing: they agree. A removed entry that the database does not know any more is one that it does not have.
std::optional<Difference::Kind> difference(const std::optional<Row>& here, const std::optional<Entry>& there);

/// The row as it was read before the database was asked and after. If it changed meanwhile, or waits for the database,
/// nothing can be said of what the database answered: it may have been true in between.
bool in_motion(const std::optional<Row>& before, const std::optional<Row>& after);

}  // namespace dbha::mirror
