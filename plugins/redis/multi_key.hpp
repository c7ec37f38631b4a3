#pragma once
/// Commands on keys of several slots that can be asked of each slot alone: MGET, DEL, UNLINK, EXISTS, TOUCH and MSET.
/// No part knows of the others: MSET is not atomic then, and MGET is no snapshot.

#include <span>
#include <string>
#include <vector>

#include <dbha/backend.hpp>

#include "redis/commands.hpp"

namespace dbha::redis {

/// Whether it is one of those.
bool splits(std::span<const std::string> args);

struct Part {
  Call call;
  std::vector<std::size_t> keys;  ///< which keys of the whole, by their number
};
/// One part for each slot, in the order of their first keys. Everything else of the call is the same in all.
std::vector<Part> split(const Call& call, const KeyPlaces& keys);

/// Puts the results of the parts together, and completes the whole when the last has come. The whole ends as the part
/// that ended worst; the values of MGET stand in the order of its keys.
class Gathering {
 public:
  /// `parts` as split() made them.
  Gathering(std::vector<Part>& parts, std::size_t keys, Completion done);
  void take(std::size_t part, Result result);

 private:
  void finish();
  Value merged();

  std::vector<std::vector<std::size_t>> keys_;  // by part
  std::vector<Result> results_;
  std::size_t missing_;
  std::size_t key_count_;
  Completion done_;
};

}  // namespace dbha::redis
