#include "model/picture.hpp"

#include <algorithm>

namespace dbha::memory {

Known* Picture::find(Index node) {
  const auto at = nodes.find(node);
  return at != nodes.end() ? &at->second : nullptr;
}

const Known* Picture::find(Index node) const {
  const auto at = nodes.find(node);
  return at != nodes.end() ? &at->second : nullptr;
}

PartitionSet Picture::owned_by(Index node) const {
  PartitionSet out;
  for (const auto& entry : owners)
    if (entry.value == node) out.set(entry.range, {});
  return out;
}

bool Picture::owns(Index node) const {
  return std::any_of(owners.begin(), owners.end(), [&](const auto& entry) { return entry.value == node; });
}

std::vector<Index> Picture::owning() const {
  std::vector<Index> out;
  for (const auto& entry : owners) out.push_back(entry.value);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Epoch Picture::greatest_epoch() const {
  Epoch greatest = current_epoch;
  for (const auto& [index, known] : nodes) greatest = std::max(greatest, known.epoch);
  return greatest;
}

void Picture::assign(const PartitionSet& partitions, Index to) {
  for (const auto& entry : partitions) owners.set(entry.range, to);
}

void Picture::release(const PartitionSet& partitions) {
  PartitionMap<Index> left;
  walk(owners, partitions, [&](PartitionRange range, const Index* owner, const Member* released) {
    if (owner && !released) left.set(range, *owner);
  });
  owners = std::move(left);
}

Announcement announce(Index self, const Picture& picture, std::uint64_t version) {
  const Known& me = *picture.find(self);
  Announcement out;
  out.from = self;
  out.version = version;
  out.current_epoch = picture.current_epoch;
  out.role = me.role;
  out.primary = me.primary;
  const Known* primary = picture.find(me.primary);
  out.epoch = me.role == Role::replica && primary ? primary->epoch : me.epoch;
  out.claims = picture.owned_by(out.claimant());
  for (const auto& [index, known] : picture.nodes) {
    out.members.push_back(index);
    if (index != self && known.failing()) out.failing.push_back(index);
  }
  return out;
}

PartitionSet won_by(const Picture& picture, Index claimant, Epoch epoch, const PartitionSet& claims) {
  PartitionSet won;
  walk(claims, picture.owners, [&](PartitionRange range, const Member* claimed, const Index* owner) {
    if (!claimed || (owner && *owner == claimant)) return;
    const Known* known = owner ? picture.find(*owner) : nullptr;
    if (!known || known->epoch < epoch) won.set(range, {});
  });
  return won;
}

std::optional<Index> contradicted_by(const Picture& picture, const Announcement& said) {
  std::optional<Index> found;
  walk(said.claims, picture.owners, [&](PartitionRange, const Member* claimed, const Index* owner) {
    if (found || !claimed || !owner || *owner == said.from) return;
    const Known* known = picture.find(*owner);
    if (known && known->epoch > said.epoch) found = *owner;
  });
  return found;
}

PartitionSet intersection(const PartitionSet& a, const PartitionSet& b) {
  PartitionSet out;
  walk(a, b, [&](PartitionRange range, const Member* in_a, const Member* in_b) {
    if (in_a && in_b) out.set(range, {});
  });
  return out;
}

PartitionSet set_of(PartitionRange range) {
  PartitionSet out;
  out.set(range, {});
  return out;
}

std::vector<PartitionRange> ranges_of(const PartitionSet& partitions) {
  std::vector<PartitionRange> out;
  for (const auto& entry : partitions) out.push_back(entry.range);
  return out;
}

}  // namespace dbha::memory
