#include "controller/open_losses.hpp"

#include <algorithm>

#include "controller/restarts.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"

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

/// Where one part's change replaced another's, or one part is not watched, the marks can no more prove that nothing was
/// lost in any of them.
void OpenLosses::merge(const std::vector<DbRestart>& replaced, const DbRestart& into) {
  Told whole{into, {}, true};
  const auto named = [&](const Told& entry) {
    const auto& id = entry.event.id;
    return id == into.id || std::any_of(replaced.begin(), replaced.end(), [&](const auto& e) { return e.id == id; });
  };
  for (const auto& event : replaced)
    if (event.loss == Loss::unknown) whole.provable &= watches(event.id);
  PartitionSet taken;
  for (const auto& entry : told_) {
    if (!named(entry)) continue;
    whole.provable &= entry.provable && both(entry.event.partitions, taken).empty();
    add(taken, entry.event.partitions);
    for (const auto& [range, mark] : entry.marks) whole.marks.set(range, mark);
  }
  std::erase_if(told_, named);
  if (into.loss == Loss::unknown) told_.push_back(std::move(whole));
}

void OpenLosses::forget(const std::vector<DbRestart>& events) {
  std::erase_if(told_, [&](const Told& entry) {
    return std::any_of(events.begin(), events.end(), [&](const auto& e) { return e.id == entry.event.id; });
  });
}

bool OpenLosses::watches(const std::string& id) const {
  return std::any_of(told_.begin(), told_.end(), [&](const Told& entry) { return entry.event.id == id; });
}

std::vector<LossKnown> OpenLosses::learn(const PartitionMap<Mark>& marks) {
  std::vector<LossKnown> out;
  std::vector<Told> open;
  for (auto& entry : told_) {
    drop_replaced(entry, marks);
    if (entry.marks.empty()) continue;  // it stays unknown
    auto known = known_of(entry, marks);
    if (known.loss == Loss::unknown) {
      open.push_back(std::move(entry));
    } else if (known.loss == Loss::possible || entry.provable) {
      out.push_back(std::move(known));
    }
  }
  told_ = std::move(open);
  return out;
}

/// Of a change that another one followed nothing becomes known any more.
void OpenLosses::drop_replaced(Told& entry, const PartitionMap<Mark>& marks) {
  PartitionMap<Mark> left;
  walk(entry.marks, marks, [&](PartitionRange range, const Mark* told, const Mark* mark) {
    if (!told) return;
    if (mark && same_event(*told, *mark)) {
      left.set(range, *told);
    } else {
      entry.provable = false;
    }
  });
  entry.marks = std::move(left);
}

LossKnown OpenLosses::known_of(const Told& entry, const PartitionMap<Mark>& marks) {
  LossKnown out{entry.event.id, entry.event.cluster, entry.event.partitions, Loss::none, -1, -1};
  walk(entry.marks, marks, [&](PartitionRange, const Mark* told, const Mark* mark) {
    if (!told) return;
    out.loss = worse(out.loss, mark->loss);
    if (mark->loss != out.loss) return;
    out.old_offset = mark->old_offset;
    out.new_offset = mark->new_offset;
  });
  return out;
}

}  // namespace dbha
