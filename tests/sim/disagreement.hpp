#pragma once

#include "site.hpp"

namespace dbha::sim {

/// Why the database does not come to rest, as far as its nodes tell: who says something else of a node than that node
/// does itself, and who is not in sync. Lets a second pass to hear them.
std::string disagreement(Site& site);

}  // namespace dbha::sim
