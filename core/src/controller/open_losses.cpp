#include "controller/open_losses.hpp"

#include "controller/restarts.hpp"
#include "topology/marks.hpp"

namespace dbha {
namespace {

/// Evidence comes within seconds or never: a handler that many changes befell does not wait for the old ones.
constexpr std::size_t most_told = 64;

}  // namespace

void OpenLosses::told(const DbRestart& event, const PartitionMap<Mark>& marks,
                      const std::optional<PartitionMap<Mark>>& handled, bool followed) {
  if (event.loss != Loss::unknown || !handled) return;
  Told entry{event, {}, followed};
  walk(event.partitions, marks, [&](PartitionRange range, const Member* in, const Mark* mark) {
    if (in && mark) entry.marks.set(range, *mark);
  });
  walk(entry.marks, *handled, [&](PartitionRange, const Mark* mark, const Mark* done) {
    if (mark) entry.provable &= done && directly_after(*mark, *done);
  });
  if (told_.size() == most_told) told_.erase(told_.begin());
  told_.push_back(std::move(entry));
}

std::vector<LossKnown> OpenLosses::learn(const PartitionMap<Mark>& marks) {
  std::vector<LossKnown> out;
  std::vector<Told> open;
  for (auto& entry : told_) {
    LossKnown known{entry.event.id, entry.event.cluster, entry.event.partitions, Loss::none, -1, -1};
    bool replaced = false;
    walk(entry.marks, marks, [&](PartitionRange, const Mark* told, const Mark* mark) {
      if (!told) return;
      replaced |= !mark || !same_event(*told, *mark);
      if (replaced) return;
      known.loss = worse(known.loss, mark->loss);
      known.old_offset = mark->old_offset;
      known.new_offset = mark->new_offset;
    });
    if (replaced || (known.loss == Loss::none && !entry.provable)) continue;  // it stays unknown
    if (known.loss == Loss::unknown) {
      open.push_back(std::move(entry));
    } else {
      out.push_back(std::move(known));
    }
  }
  told_ = std::move(open);
  return out;
}

}  // namespace dbha
