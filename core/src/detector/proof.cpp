#include "detector/proof.hpp"

#include <algorithm>

namespace dbha {
namespace {

bool owns(const NodeReport& report, Partition p) {
  return std::any_of(report.owns.begin(), report.owns.end(), [&](PartitionRange r) { return r.contains(p); });
}

}  // namespace

Voices voices_of(Count count) {
  Voices out{count.size(), {}};
  const auto told = std::min(count.size(), Voices::named_at_most);
  std::partial_sort(count.begin(), count.begin() + static_cast<std::ptrdiff_t>(told), count.end(),
                    [](const Counted& a, const Counted& b) { return *a.node < *b.node; });
  for (std::size_t i = 0; i < told; ++i) out.some.push_back({*count[i].node, count[i].epoch});
  return out;
}

std::optional<Showing> own_word(Partition p, const NodeId& owner, const Evidence& evidence) {
  const View* view = evidence.of(owner);
  if (!view || !evidence.serves(owner)) return std::nullopt;
  const NodeReport& self = self_report(*view);
  return owns(self, p) ? std::optional<Showing>({owner, self.epoch}) : std::nullopt;
}

Count voters_that_heard(Epoch epoch, const Candidate& candidate, const Evidence& evidence) {
  Count out;
  for (const auto& voter : candidate.voters) {
    const auto word = evidence.words.find(voter);
    if (word != evidence.words.end() && word->second.current_epoch >= epoch)
      out.push_back({&voter, word->second.current_epoch});
  }
  return out;
}

Count voters_that_name(Partition p, const NodeId& owner, const Candidate& candidate, const Evidence& evidence,
                       const std::vector<Saying>& sayings, TimePoint asked_after) {
  Count out;
  for (const auto& [chart, by] : sayings) {
    const NodeReport* report = chart->report_on(owner);
    if (!report || !owns(*report, p)) continue;
    for (const auto& id : by) {
      const auto voter = candidate.voters.find(id);
      if (voter != candidate.voters.end() && evidence.of(id)->asked >= asked_after)
        out.push_back({&*voter, report->epoch});
    }
  }
  return out;
}

/// That no answering node claims it is known: the candidate has no claim for it.
Count voters_that_show_unowned(Partition p, const Candidate& candidate, const Evidence& evidence,
                               TimePoint asked_after) {
  Count out;
  for (const auto& voter : candidate.voters) {
    const View* view = evidence.of(voter);
    if (!view || view->asked < asked_after) continue;
    if (std::none_of(view->nodes.begin(), view->nodes.end(), [&](const NodeReport& r) { return owns(r, p); }))
      out.push_back({&voter, view->current_epoch});
  }
  return out;
}

}  // namespace dbha
