#pragma once

#include "mirror/row.hpp"
#include "mirror/sqlite.hpp"

namespace dbha::mirror {

/// From a query whose columns are row_columns.
inline Row read_row(const Query& query) {
  Row row;
  row.number = query.number(0);
  row.partition = {static_cast<std::uint32_t>(query.number(1))};
  row.entry.name = {query.text(2), query.text(3), query.text(4)};
  row.entry.version = static_cast<std::uint64_t>(query.number(5));
  row.entry.removed = query.null(6);
  row.entry.value = query.text(6);
  row.confirmed = static_cast<std::uint64_t>(query.number(7));
  row.confirmed_ms = query.number(8);
  return row;
}

}  // namespace dbha::mirror
