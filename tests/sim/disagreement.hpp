#pragma once

#include "site.hpp"

namespace dbha::sim {

/// Why the database does not come to rest, as far as its nodes tell.
struct Disagreement {
  std::string text;         ///< who says something else of a node than that node does itself, and who is not in sync
  PartitionSet partitions;  ///< of which not all name the same owner: nobody can say who is the right one
};

/// Lets a second pass to hear them.
Disagreement disagreement(Site& site);

}  // namespace dbha::sim
