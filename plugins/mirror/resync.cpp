#include "mirror/resync.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "mirror/sqlite.hpp"

namespace dbha::mirror {
namespace {

constexpr std::size_t page = 1024;
/// Entries in one question: more would hold up a primary for too long, fewer cost too many questions.
constexpr std::size_t batch = 128;
constexpr Duration deadline = std::chrono::seconds(3);
/// When a shard was last seen well is told by another machine's clock.
constexpr std::int64_t other_clocks_ms = 10'000;

using Batches = std::map<Partition, std::vector<Row>>;

std::vector<EntryName> names_of(const std::vector<Row>& rows) {
  std::vector<EntryName> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(row.entry.name);
  return out;
}

std::vector<Entry> entries_of(const std::vector<Row>& rows) {
  std::vector<Entry> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(row.entry);
  return out;
}

/// Sends the rows on in batches of one partition each.
template <class Send>
void in_batches(std::vector<Row> rows, Send send) {
  Batches batches;
  for (auto& row : rows) {
    auto& of_partition = batches[row.partition];
    of_partition.push_back(std::move(row));
    if (of_partition.size() == batch) send(std::exchange(of_partition, {}));
  }
  for (auto& [partition, rest] : batches)
    if (!rest.empty()) send(std::move(rest));
}

/// The first so many of its partitions, or as many as lie together.
PartitionRange beginning_of(const PartitionSet& set, std::uint32_t stretch) {
  const PartitionRange range = set.begin()->range;
  const std::uint64_t last = std::min<std::uint64_t>(range.last.value, std::uint64_t{range.first.value} + stretch - 1);
  return {range.first, {static_cast<std::uint32_t>(last)}};
}

PartitionSet set_of(PartitionRange range) {
  PartitionSet out;
  out.set(range, {});
  return out;
}

}  // namespace

Resync::Resync(LocalMirror& mirror, VersionedStore& database, ResyncLimits limits, Log& log)
    : mirror_(mirror), database_(database), limits_(limits), log_(log), inquiry_({.rate = limits.rate}, log) {}

bool Resync::run(const DbRestart& event) {
  {
    const std::lock_guard lock(mutex_);
    if (taken_in_.erase(event.id) > 0) return true;  // an earlier run has done it
    running_ = true;
  }
  bool done = false;
  try {
    if (!doubts_) doubts_.emplace(mirror_.doubts());
    take(event);
    while (!doubts_->empty()) {
      replay();
      compare(beginning_of(doubts_->open(), limits_.stretch));
      take_in_accepted();
    }
    done = true;
    log_.info("mirror_resynchronised", {{"event", event.id},
                                        {"written", std::to_string(std::exchange(rewritten_, 0))},
                                        {"taken_over", std::to_string(std::exchange(adopted_, 0))}});
  } catch (const Inquiry::Stopped&) {
  } catch (const StoreFailure& failure) {
    log_.warning("mirror_resync_failed", {{"reason", failure.what()}});
  }
  replayed_.clear();
  const std::lock_guard lock(mutex_);
  running_ = false;
  accepted_.clear();  // their own turn comes
  progress_.reset();
  return done;
}

void Resync::accepted(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (running_) accepted_.push_back(event);
}

void Resync::stop() {
  inquiry_.stop();
}

std::optional<Progress> Resync::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

/// One that the store knows already goes on where it stood.
void Resync::take(const DbRestart& event) {
  if (event.loss == Loss::none || doubts_->knows(event.id)) return;
  doubts_->add({event.id, event.partitions, event.last_healthy_ms});
  keep();
  begin_progress("compare", mirror_.reader()->count(doubts_->open()));
}

void Resync::take_in_accepted() {
  std::vector<Event> accepted;
  {
    const std::lock_guard lock(mutex_);
    accepted.swap(accepted_);
    for (const auto& event : accepted)
      if (const auto* restart = std::get_if<DbRestart>(&event)) taken_in_.insert(restart->id);
  }
  for (const auto& event : accepted) {
    if (const auto* restart = std::get_if<DbRestart>(&event)) take(*restart);
    if (const auto* known = std::get_if<LossKnown>(&event); known && known->loss == Loss::none) {
      doubts_->cancel(known->id);
      keep();
    }
  }
}

/// Nothing is lost if that fails: the event comes again after a crash, and is begun anew.
void Resync::keep() {
  mirror_.keep_doubts(doubts_->all());
}

// ---- Replay

void Resync::replay() {
  for (const auto& doubt : doubts_->all())
    if (doubt.since_ms > 0 && replayed_.insert(doubt.event).second)
      replay(doubt.partitions, doubt.since_ms - other_clocks_ms);
  inquiry_.finish();
}

void Resync::replay(const PartitionSet& partitions, std::int64_t since_ms) {
  const auto reader = mirror_.reader();
  std::optional<StoreReader::Moment> before;
  while (true) {
    auto rows = reader->confirmed_since(partitions, since_ms, before, page);
    const bool last = rows.size() < page;
    if (!rows.empty()) before = StoreReader::moment_of(rows.back());
    in_batches(std::move(rows), [this](std::vector<Row> some) { write(std::move(some)); });
    if (last) return;
  }
}

// ---- Comparison

void Resync::compare(PartitionRange range) {
  const auto reader = mirror_.reader();
  const StoreReader::Selection names{.partitions = set_of(range), .values = false};
  std::optional<StoreReader::Place> place;
  for (bool last = false; !last;) {
    auto rows = reader->page(names, place, page);
    last = rows.size() < page;
    if (!rows.empty()) place = StoreReader::place_of(rows.back());
    const std::size_t count = rows.size();
    in_batches(std::move(rows), [this](std::vector<Row> some) { look(std::move(some)); });
    advance(count);
  }
  inquiry_.finish();
  doubts_->settle(range);
  keep();
}

void Resync::look(std::vector<Row> rows) {
  auto ask = [this, names = names_of(rows)](VersionedStore::BatchDone done) {
    database_.look(names, std::move(done), deadline);
  };
  const std::size_t count = rows.size();
  inquiry_.ask(count, std::move(ask),
               [this, rows = std::move(rows)](const BatchResult& result) { judge(rows, result); });
}

/// What waits in the outbox goes to the database by itself.
void Resync::judge(const std::vector<Row>& rows, const BatchResult& result) {
  const auto reader = mirror_.reader();
  std::vector<Row> lacking;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& there = result.each[i];
    if (!there.trouble.empty()) {
      log_.warning("mirror_entry_not_comparable", {{"reason", there.trouble}});
    } else if (!there.entry || there.entry->version < rows[i].entry.version) {
      auto row = reader->get(rows[i].partition, rows[i].entry.name);
      if (row && !row->waiting()) lacking.push_back(std::move(*row));
    } else if (there.entry->version > rows[i].entry.version || there.entry->removed != rows[i].entry.removed) {
      adopt(rows[i]);
    }
  }
  if (!lacking.empty()) write(std::move(lacking));
}

// ---- Writing

void Resync::write(std::vector<Row> rows) {
  auto ask = [this, entries = entries_of(rows)](VersionedStore::BatchDone done) {
    database_.write_all(entries, std::move(done), deadline);
  };
  const std::size_t count = rows.size();
  inquiry_.ask(count, std::move(ask),
               [this, rows = std::move(rows)](const BatchResult& result) { written(rows, result); });
}

void Resync::written(const std::vector<Row>& rows, const BatchResult& result) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& there = result.each[i];
    if (there.applied) ++rewritten_;
    if (!there.trouble.empty()) log_.warning("mirror_entry_rejected", {{"reason", there.trouble}});
    if (there.entry) adopt(rows[i]);
  }
}

/// The database has a newer one.
void Resync::adopt(const Row& row) {
  auto found = std::make_shared<std::optional<Entry>>();
  inquiry_.ask(
      1,
      [this, name = row.entry.name, found](VersionedStore::BatchDone done) {
        database_.get(
            name,
            [found, done = std::move(done)](StoreResult result) {
              *found = std::move(result.entry);
              done({.outcome = result.outcome, .detail = std::move(result.detail)});
            },
            deadline);
      },
      [this, partition = row.partition, found](const BatchResult&) {
        if (!*found) return;
        ++adopted_;
        mirror_.adopt(partition, std::move(**found));
      });
}

// ---- Progress

void Resync::begin_progress(const char* doing, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  progress_ = Progress{doing, 0, total};
}

void Resync::advance(std::size_t entries) {
  const std::lock_guard lock(mutex_);
  if (progress_) progress_->done = std::min(progress_->done + entries, progress_->total);
}

}  // namespace dbha::mirror
