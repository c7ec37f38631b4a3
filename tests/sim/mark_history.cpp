#include "mark_history.hpp"

#include "dbha/events.hpp"
#include "topology/marks.hpp"

namespace dbha::sim {
namespace {

using std::chrono::seconds;

/// A mark stands for all losses before it. Of two within so short a time the detector may have seen the first only, and
/// set another mark for the second.
constexpr Duration one_look = seconds(2);
constexpr Duration recent = seconds(6);

}  // namespace

MarkHistory::MarkHistory(const TrueHistory& truth, std::uint32_t partitions, std::size_t detectors)
    : truth_(truth), newest_(detectors), known_(partitions), losses_taken_(partitions) {}

void MarkHistory::published(std::size_t detector, const PartitionMap<Mark>& marks, TimePoint now) {
  walk(newest_[detector].marks, marks, [&](PartitionRange range, const Mark* before, const Mark* mark) {
    if (!mark || (before && *before == *mark)) return;
    const bool same = before && same_event(*before, *mark);
    for (std::uint32_t p = range.first.value; p <= range.last.value; ++p)
      same ? complete({p}, *mark) : learn({p}, before, *mark, now);
  });
  newest_[detector].marks = marks;
  looked_ = now;
}

void MarkHistory::learn(Partition partition, const Mark* before, const Mark& mark, TimePoint now) {
  auto& known = known_[partition.value];
  const bool first = known.empty();
  if (const auto place = find(partition, mark)) {
    const auto last = before ? find(partition, *before) : std::nullopt;
    if (!before || (last && *last < *place)) return;  // another detector was first
    // From an older store, or back at a stream that never broke.
    known.push_back({mark, now, std::string(dbha::text_of(mark.cause)) + " mark, an old one again"});
    return;
  }
  const bool lost = take_loss(partition, now);
  known.push_back({mark, now, first || lost ? "" : why_none(partition, mark, now)});
}

void MarkHistory::complete(Partition partition, const Mark& mark) {
  if (const auto place = find(partition, mark)) known_[partition.value][*place].mark = mark;
}

bool MarkHistory::take_loss(Partition partition, TimePoint now) {
  const auto& losses = truth_.losses(partition);
  auto& taken = losses_taken_[partition.value];
  if (taken == losses.size()) return false;
  ++taken;
  while (taken < losses.size() && losses[taken].at < now - one_look) ++taken;
  return true;
}

std::string MarkHistory::why_none(Partition partition, const Mark& mark, TimePoint now) const {
  const auto& losses = truth_.losses(partition);
  std::string what = "nothing";
  if (const auto moved = truth_.last_reshard(partition); moved && *moved > known_[partition.value].back().published)
    what = truth_.promoted(mark.owner).value_or(TimePoint{}) >= looked_ ? "reshard to a new primary" : "reshard";
  else if (!losses.empty() && now - losses.back().at < recent)
    what = "same loss again";
  if (again_ && now - detector_started_ < recent) what += " after detector start";
  return std::string(dbha::text_of(mark.cause)) + " mark, " + what;
}

std::string MarkHistory::without_loss(Partition partition, std::optional<std::size_t> told, std::size_t place) const {
  const auto& known = known_[partition.value];
  for (std::size_t i = told ? *told + 1 : 0; i < place; ++i)
    if (known[i].without_loss.empty()) return {};
  return known[place].without_loss;
}

std::optional<std::size_t> MarkHistory::find(Partition partition, const Mark& mark) const {
  const auto& known = known_[partition.value];
  for (std::size_t i = known.size(); i-- > 0;)
    if (same_event(known[i].mark, mark)) return i;
  return std::nullopt;
}

}  // namespace dbha::sim
