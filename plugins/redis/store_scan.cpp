#include "redis/store_scan.hpp"

#include "redis/share_reader.hpp"

namespace dbha::redis {

StoreScan::StoreScan(Database& database, const Route& route, ScanRange range, VersionedStore::PacedPage page,
                     VersionedStore::Done done, std::optional<Duration> deadline)
    : database_(database),
      route_(route),
      range_(std::move(range)),
      page_(std::move(page)),
      done_(std::move(done)),
      deadline_(deadline),
      left_(partitions_of(range_)) {}

void StoreScan::next_round() {
  round_ = std::exchange(left_, {});
  if (++rounds_ > most_rounds) {
    return fail(Outcome::timeout, "partitions " + text_of(round_) + " changed hands in each of " +
                                      std::to_string(most_rounds) + " rounds: scan again");
  }
  const auto shares = shares_of(round_, route_);
  reading_ = shares.size();
  for (const ScanShare& share : shares) {
    if (!over_) std::make_shared<ShareReader>(shared_from_this(), share)->start();
  }
}

void StoreScan::submit(Call call, Completion done) {
  call.deadline = deadline_;
  database_.submit(std::move(call), std::move(done));
}

void StoreScan::deliver(std::vector<Entry> entries, std::function<void()> next) {
  if (!page_ || entries.empty()) return next();
  page_(std::move(entries), std::move(next));
}

void StoreScan::found_broken(const std::string& what) {
  if (broken_.empty()) broken_ = what;
}

void StoreScan::share_ends(const PartitionSet& left) {
  for (const auto& entry : left) left_.set(entry.range, {});
  if (--reading_ > 0) return;
  if (!left_.empty()) return next_round();
  if (!broken_.empty()) return fail(Outcome::error_reply, broken_);
  finish({.outcome = Outcome::ok});
}

void StoreScan::fail(Outcome outcome, std::string detail) {
  finish({.outcome = outcome, .detail = std::move(detail)});
}

void StoreScan::finish(StoreResult result) {
  over_ = true;
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace dbha::redis
