#include "controller/hold_down.hpp"

#include <algorithm>
#include <utility>

#include "controller/restarts.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

PartitionMap<Mark> on(const PartitionSet& set, const PartitionMap<Mark>& marks) {
  PartitionMap<Mark> out;
  walk(set, marks, [&](PartitionRange range, const Member* in, const Mark* mark) {
    if (in && mark) out.set(range, *mark);
  });
  return out;
}

template <class T>
PartitionMap<T> without(const PartitionMap<T>& all, const PartitionSet& set) {
  PartitionMap<T> out;
  walk(all, set, [&](PartitionRange range, const T* value, const Member* in) {
    if (value && !in) out.set(range, *value);
  });
  return out;
}

}  // namespace

HoldDown::Verdict HoldDown::take(const PartitionMap<Mark>& marks, const std::optional<PartitionMap<Mark>>& handled,
                                 bool followed, TimePoint now) {
  if (!handled) return {due_restarts(marks, handled, followed), 0, marks};
  Verdict out;
  PartitionSet rest = dbha::due(marks, *handled);
  PartitionSet held_back;
  for (auto& window : std::exchange(windows_, {})) {
    window.held = both(rest, window.partitions);
    const auto mine = on(window.held, marks);
    note(window, mine);
    rest = without(rest, window.held);
    if (now < window.until) {
      add(held_back, window.held);
      windows_.push_back(std::move(window));
    } else if (!mine.empty()) {
      out.events.push_back(trailing(window, due_restarts(mine, handled, followed)));
    }
  }
  out.trailing = out.events.size();
  for (auto& event : due_restarts(on(rest, marks), handled, followed)) out.events.push_back(std::move(event));
  if (length_ > Duration::zero())
    for (const auto& event : out.events) windows_.push_back({event.partitions, now + length_, {}, 0, false});
  out.handled = handle_marks(*handled, without(marks, held_back));
  return out;
}

void HoldDown::note(Window& window, const PartitionMap<Mark>& marks) {
  for (const auto& [range, mark] : marks) {
    window.last_healthy_ms = earlier_healthy(window.last_healthy_ms, mark.last_healthy_ms);
    window.lost |= mark.loss == Loss::possible;
  }
}

/// Never `none`: a change that the next one replaced before it was told may have lost what the last one did not.
DbRestart HoldDown::trailing(const Window& window, std::vector<DbRestart> events) {
  DbRestart out = merged(std::move(events));
  out.last_healthy_ms = earlier_healthy(out.last_healthy_ms, window.last_healthy_ms);
  out.loss = window.lost ? Loss::possible : Loss::unknown;
  return out;
}

std::optional<TimePoint> HoldDown::due() const {
  std::optional<TimePoint> out;
  for (const auto& window : windows_)
    if (!window.held.empty()) out = std::min(out.value_or(window.until), window.until);
  return out;
}

PartitionSet HoldDown::held() const {
  PartitionSet out;
  for (const auto& window : windows_) add(out, window.held);
  return out;
}

}  // namespace dbha
