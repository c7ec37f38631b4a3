#include "mirror/difference.hpp"

namespace dbha::mirror {

std::optional<Difference::Kind> difference(const std::optional<Row>& here, const std::optional<Entry>& there) {
  using Kind = Difference::Kind;
  const bool has_it = there && !there->removed;
  if (!here) return has_it ? std::optional(Kind::unknown) : std::nullopt;
  const std::uint64_t version = here->entry.version;
  if (there && there->version > version) return Kind::newer;
  if (here->entry.removed && has_it) return Kind::resurrected;
  if (!here->entry.removed && !has_it) return Kind::missing;
  return there && there->version < version ? std::optional(Kind::older) : std::nullopt;
}

bool in_motion(const std::optional<Row>& before, const std::optional<Row>& after) {
  if (before.has_value() != after.has_value()) return true;
  if (!after) return false;
  return before->entry.version != after->entry.version || after->waiting();
}

}  // namespace dbha::mirror
