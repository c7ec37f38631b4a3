#include "memory/store_scan.hpp"

#include <algorithm>
#include <utility>

#include "memory/entry_key.hpp"
#include "memory/store_reply.hpp"

namespace dbha::memory {
namespace {

std::string text_of(PartitionRange range) {
  const auto first = std::to_string(range.first.value);
  return range.first == range.last ? first : first + '-' + std::to_string(range.last.value);
}

}  // namespace

StoreScan::StoreScan(Database& database, const Route& route, ScanRange range, PartitionSet partitions,
                     VersionedStore::PacedPage page, VersionedStore::Done done, std::optional<Duration> deadline)
    : database_(database),
      route_(route),
      range_(std::move(range)),
      page_(std::move(page)),
      done_(std::move(done)),
      deadline_(deadline),
      progress_(std::move(partitions)) {}

void StoreScan::ask_page() {
  const auto& [partitions, after] = progress_.position();
  Call call{.args = {"VSCAN", std::to_string(partitions.first.value), std::to_string(partitions.last.value), after,
                     prefix_of(range_), range_.values ? "VALUES" : "NAMES"},
            .deadline = deadline_,
            .partition = partitions.first};
  database_.submit(std::move(call), [self = shared_from_this()](const Result& result) { self->on_page(result); });
}

void StoreScan::on_page(const Result& result) {
  if (!result.ok()) return fail(result);
  ScanPage page = read_page(result.value);
  progress_.read(result.node, page.next, std::move(page.after));
  deliver(std::move(page.entries));
}

void StoreScan::go_on() {
  if (progress_.round_over()) return end_round();
  ask_page();
}

void StoreScan::deliver(std::vector<Entry> entries) {
  if (!range_.removed) std::erase_if(entries, [](const Entry& entry) { return entry.removed; });
  if (!page_ || entries.empty()) return go_on();
  page_(std::move(entries), [self = shared_from_this()] { self->go_on(); });
}

void StoreScan::end_round() {
  if (!progress_.begin_round(route_)) return done_({.outcome = Outcome::ok});
  if (!progress_.hopeless()) return ask_page();
  done_({.outcome = Outcome::timeout,
         .detail = "partitions " + text_of(progress_.position().range) + " changed hands in each of " +
                   std::to_string(ScanProgress::most_rounds) + " rounds: scan again"});
}

/// A question has no effect, so that its outcome is never unknown: it was not answered in time.
void StoreScan::fail(const Result& result) {
  StoreResult failed = failure_of("partitions " + text_of(progress_.position().range) + " were not read", result);
  if (failed.outcome == Outcome::outcome_unknown) failed.outcome = Outcome::timeout;
  done_(std::move(failed));
}

}  // namespace dbha::memory
