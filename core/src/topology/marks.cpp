#include "topology/marks.hpp"

#include <tuple>

namespace dbha {
namespace {

auto order(const Mark& m) {
  return std::tie(m.epoch, m.count, m.owner, m.replid);
}

/// Of one and the same mark: what is known wins over what is not, and a loss over none, whoever says it.
const Mark& better_known(const Mark& a, const Mark& b) {
  const auto known = [](const Mark& m) {
    const int rank = m.loss == Loss::possible ? 2 : m.loss == Loss::none ? 1 : 0;
    return std::tuple(rank, m.old_offset, m.new_offset);
  };
  return known(b) > known(a) ? b : a;
}

const Mark& join_mark(const Mark& a, const Mark& b, const PresentStream& present) {
  if (order(a) == order(b)) return better_known(a, b);
  if (std::tie(a.epoch, a.count, a.owner) != std::tie(b.epoch, b.count, b.owner) || a.replid.empty() ||
      b.replid.empty())
    return newer(b, a) ? b : a;
  const ReplId now = present(a.owner);
  const bool a_lives = stream_of(a.replid) == now.value;
  const bool b_lives = stream_of(b.replid) == now.value;
  if (a_lives != b_lives) return b_lives ? b : a;
  return newer(b, a) ? b : a;
}

}  // namespace

std::string_view stream_of(const ReplId& replid) {
  return std::string_view(replid.value).substr(0, replid.value.find('@'));
}

bool same_event(const Mark& a, const Mark& b) {
  if (!a.replid.empty() && a.replid == b.replid) return true;
  const bool one_unknown = a.replid.empty() || b.replid.empty();
  return one_unknown && std::tie(a.epoch, a.count, a.owner) == std::tie(b.epoch, b.count, b.owner);
}

bool newer(const Mark& a, const Mark& b) {
  return order(a) > order(b);
}

Mark next_mark(const Mark* old, const Claim& claim, const ReplId& replid, Cause cause) {
  Mark mark;
  mark.epoch = claim.epoch;
  mark.owner = claim.owner;
  mark.replid = replid;
  mark.cause = cause;
  if (!old) return mark;
  mark.epoch = std::max(old->epoch, claim.epoch);
  mark.count = mark.epoch > old->epoch ? 0 : old->count + 1;
  mark.old_owner = old->owner;
  if (replid.empty() || stream_of(old->replid) != replid.value) return mark;
  mark.replid.value += '@' + std::to_string(mark.epoch.value);
  if (mark.replid == old->replid) mark.replid.value += '.' + std::to_string(mark.count);
  return mark;
}

PartitionMap<Mark> join_marks(const PartitionMap<Mark>& a, const PartitionMap<Mark>& b, const PresentStream& present) {
  PartitionMap<Mark> out;
  walk(a, b, [&](PartitionRange range, const Mark* x, const Mark* y) {
    if (x && y) return out.set(range, join_mark(*x, *y, present));
    out.set(range, x ? *x : *y);  // NOLINT(clang-analyzer-core.*): one of them is there
  });
  return out;
}

PartitionMap<Mark> handle_marks(const PartitionMap<Mark>& handled, const PartitionMap<Mark>& marks) {
  PartitionMap<Mark> out;
  walk(handled, marks, [&](PartitionRange range, const Mark* done, const Mark* mark) {
    const bool keep = !mark || (done && same_event(*mark, *done) && !newer(*mark, *done));
    out.set(range, keep ? *done : *mark);  // NOLINT(clang-analyzer-core.*): one of them is there
  });
  return out;
}

PartitionSet due(const PartitionMap<Mark>& marks, const PartitionMap<Mark>& handled) {
  PartitionSet out;
  walk(marks, handled, [&](PartitionRange range, const Mark* mark, const Mark* done) {
    if (mark && !(done && same_event(*mark, *done))) out.set(range, {});
  });
  return out;
}

}  // namespace dbha
