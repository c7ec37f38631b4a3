#include "mirror/resync.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "mirror/batches.hpp"
#include "mirror/sqlite.hpp"

namespace dbha::mirror {
namespace {

constexpr std::size_t page = 1024;
constexpr Duration deadline = std::chrono::seconds(3);
/// When a shard was last seen well is told by another machine's clock.
constexpr std::int64_t other_clocks_ms = 10'000;
constexpr Duration first_pause = std::chrono::milliseconds(100);
constexpr Duration longest_pause = std::chrono::seconds(2);
/// Before what is suspect is looked at again to see whether it is there by now, then doubled.
constexpr Duration first_look_again = std::chrono::seconds(1);
/// How soon an event is noticed that comes while nothing but time is waited for.
constexpr Duration notice = std::chrono::milliseconds(50);
/// In the store, before the event of a doubt: its partitions are to be scanned.
constexpr std::string_view to_list = "list:";

std::vector<EntryName> names_of(const std::vector<Head>& heads) {
  std::vector<EntryName> out;
  out.reserve(heads.size());
  for (const auto& head : heads) out.push_back(head.name);
  return out;
}

std::vector<std::int64_t> numbers_of(const std::vector<Head>& heads) {
  std::vector<std::int64_t> out;
  out.reserve(heads.size());
  for (const auto& head : heads) out.push_back(head.number);
  return out;
}

std::vector<Entry> entries_of(const std::vector<Row>& rows) {
  std::vector<Entry> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(row.entry);
  return out;
}

/// The first so many of its partitions, or as many as lie together.
PartitionRange beginning_of(const PartitionSet& set, std::uint32_t stretch) {
  const PartitionRange range = set.begin()->range;
  const std::uint64_t last = std::min<std::uint64_t>(range.last.value, std::uint64_t{range.first.value} + stretch - 1);
  return {range.first, {static_cast<std::uint32_t>(last)}};
}

TimePoint now() {
  return std::chrono::steady_clock::now();
}

PartitionSet whole(const Topology& topology) {
  PartitionSet out;
  if (topology.partitions > 0) out.set({{0}, {topology.partitions - 1}}, {});
  return out;
}

/// By who owns them: a scan of a node costs nearly the same however many of its partitions it is for, and one that does
/// not answer holds up nobody else's.
std::vector<PartitionSet> shares_of(const PartitionSet& partitions, const std::shared_ptr<const Topology>& topology) {
  if (!topology) return {partitions};
  std::map<NodeId, PartitionSet> by_owner;
  walk(partitions, topology->claims, [&](PartitionRange piece, const Member* in, const Claim* claim) {
    if (in) by_owner[claim ? claim->owner : NodeId{}].set(piece, {});
  });
  std::vector<PartitionSet> out;
  for (auto& [owner, share] : by_owner) out.push_back(std::move(share));
  return out;
}

}  // namespace

Resync::Resync(LocalMirror& mirror, VersionedStore& database, ResyncLimits limits, Log& log)
    : mirror_(mirror),
      database_(database),
      limits_(limits),
      log_(log),
      inquiry_({.rate = limits.rate}, log),
      listing_(
          mirror, database, inquiry_, log, [this](const EntryName& name) { adopt(name); },
          [this](std::size_t entries) { advance(entries); }),
      second_pass_(mirror, database, inquiry_, [this](const EntryName& name) { adopt(name); }) {}

bool Resync::run(const DbRestart& event) {
  const std::lock_guard turn(turn_);
  {
    const std::lock_guard lock(mutex_);
    if (taken_in_.erase(event.id) > 0) return true;  // an earlier run has done it
    running_ = true;
  }
  bool done = false;
  try {
    done = settle(event);
  } catch (const Inquiry::Stopped&) {
  } catch (const StoreFailure& failure) {
    log_.warning("mirror_resync_failed", {{"reason", failure.what()}});
    forget();
  }
  replayed_.clear();
  emptied_ = {};
  listed_ = {};
  const std::lock_guard lock(mutex_);
  running_ = false;
  accepted_.clear();             // their own turn comes
  if (!done) taken_in_.clear();  // that of these as well
  progress_.reset();
  return done;
}

bool Resync::settle(const DbRestart& event) {
  recall();
  take(event);
  do {
    while (!doubts_.empty() || !unlisted_.empty()) {
      if (!doubts_.empty()) {
        if (mirror_.settings().direction == Direction::push) replay();
        compare(beginning_of(doubts_.open(), limits_.stretch));
      } else {
        list();
      }
      take_in_accepted();
    }
    note_complete();
  } while (!look_again());
  require_stored();
  log_.info("mirror_resynchronised", {{"event", event.id},
                                      {"written", std::to_string(std::exchange(rewritten_, 0))},
                                      {"taken_over", std::to_string(std::exchange(adopted_, 0))},
                                      {"removed", std::to_string(std::exchange(removed_, 0))}});
  return true;
}

void Resync::accepted(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (running_) accepted_.push_back(event);
}

void Resync::stop() {
  inquiry_.stop();
  listing_.stop();
}

std::optional<Progress> Resync::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void Resync::recall() {
  if (recalled_) return;
  for (auto& doubt : mirror_.doubts()) {
    const bool list = doubt.event.starts_with(to_list);
    if (list) doubt.event.erase(0, to_list.size());
    (list ? unlisted_ : doubts_).add(std::move(doubt));
  }
  recalled_ = true;
}

/// What is in the store counts: what was settled here may rest on something that could not be stored.
void Resync::forget() {
  recalled_ = false;
  doubts_ = {};
  unlisted_ = {};
}

void Resync::require_stored() {
  if (!mirror_.flush()) throw StoreFailure(SQLITE_IOERR, "what was found could not be stored");
}

/// One that the store knows already goes on where it stood.
void Resync::take(const DbRestart& event) {
  if (event.loss == Loss::none || doubts_.knows(event.id) || unlisted_.knows(event.id)) return;
  doubts_.add({event.id, event.partitions, event.last_healthy_ms});
  if (!listing_.tables().empty()) unlisted_.add({event.id, event.partitions, 0});
  keep();
  begin_progress("compare", mirror_.reader()->count(doubts_.open()));
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
      doubts_.cancel(known->id);
      unlisted_.cancel(known->id);
      keep();
    }
  }
}

/// Nothing is lost if that fails: the event comes again after a crash, and is begun anew.
void Resync::keep() {
  auto all = doubts_.all();
  for (const auto& doubt : unlisted_.all())
    all.push_back({std::string(to_list).append(doubt.event), doubt.partitions, doubt.since_ms});
  mirror_.keep_doubts(std::move(all));
}

// ---- Replay

void Resync::replay() {
  for (const auto& doubt : doubts_.all())
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
    in_batches(std::move(rows), inquiry_.batch(), [this](std::vector<Row> some) { write(std::move(some)); });
    if (last) return;
  }
}

// ---- Comparison

void Resync::compare(PartitionRange range) {
  const auto reader = mirror_.reader();
  std::optional<StoreReader::Place> place;
  for (bool last = false; !last;) {
    auto heads = reader->heads(range, place, page);
    last = heads.size() < page;
    if (!heads.empty()) place = StoreReader::place_of(heads.back());
    const std::size_t count = heads.size();
    in_batches(std::move(heads), inquiry_.batch(), [this](std::vector<Head> some) { compare(std::move(some)); });
    advance(count);
  }
  inquiry_.finish();
  require_stored();
  doubts_.settle(range);
  keep();
}

void Resync::compare(std::vector<Head> heads) {
  const bool may_write = mirror_.settings().direction == Direction::push;
  if (!may_write || emptied_.wants_look()) return look(std::move(heads));
  write(numbers_of(heads));
}

void Resync::look(std::vector<Head> heads) {
  auto ask = [this, names = names_of(heads)](VersionedStore::BatchDone done) {
    database_.look(names, std::move(done), deadline);
  };
  const std::size_t count = heads.size();
  inquiry_.ask(count, std::move(ask),
               [this, heads = std::move(heads)](const BatchResult& result) { judge(heads, result); });
}

/// What waits in the outbox is written too: it may be under way to the primary that was replaced, whose late word that
/// it has it would be believed.
void Resync::judge(const std::vector<Head>& heads, const BatchResult& result) {
  const Terms terms{.direction = mirror_.settings().direction};
  std::vector<std::int64_t> lacking;
  std::vector<Suspect> suspects;
  std::size_t absent = 0;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const Head& head = heads[i];
    const auto& there = result.each[i];
    if (!there.trouble.empty()) {
      log_.warning("mirror_entry_not_comparable", {{"reason", there.trouble}});
      continue;
    }
    if (!there.entry) ++absent;
    const Action action = first_look(terms, Held{head.version, head.removed},
                                     there.entry ? std::optional(held(*there.entry)) : std::nullopt);
    if (action == Action::adopt) adopt(head.name);
    if (action == Action::suspect) suspects.push_back({head.partition, head.name, head.version});
    if (action == Action::write) lacking.push_back(head.number);
  }
  emptied_.looked(heads.size(), absent);
  write(lacking);
  mirror_.suspect(std::move(suspects));
}

// ---- Listing

/// One share after another; the pause is for when none of those that are left has answered.
void Resync::list() {
  const auto topology = mirror_.topology();
  if (listed_.empty()) listed_in_ = topology;
  begin_progress("list", 0);
  bool answered = false;
  for (const auto& share : shares_of(unlisted_.open(), topology)) {
    const auto end = listing_.list(share);
    if (end == Listing::End::away) continue;
    answered = true;
    for (const auto& [range, member] : share) {
      unlisted_.settle(range);
      if (end == Listing::End::listed) listed_.set(range, {});
    }
    keep();
  }
  list_again_ = answered ? Duration{} : std::clamp(2 * list_again_, first_pause, longest_pause);
  inquiry_.rest(now() + list_again_);
}

/// A scan may miss what moves from one primary to another meanwhile.
void Resync::note_complete() {
  const auto topology = mirror_.topology();
  if (listing_.tables().empty() || !topology || listed_ != whole(*topology)) return;
  if (!listed_in_ || listed_in_->claims != topology->claims) return;
  mirror_.set_complete(listing_.tables());
}

// ---- Second pass

/// True: nothing is suspect any more. False: an event has come that has to be taken in first.
bool Resync::look_again() {
  const TimePoint end = now() + mirror_.settings().remove_after;
  for (Duration pause = first_look_again; second_pass_.due(); pause *= 2) {
    begin_progress("look again", 0);
    const TimePoint at = std::min(now() + pause, end);
    while (now() < at) {
      inquiry_.rest(std::min(now() + notice, at));
      if (!anything_accepted()) continue;
      take_in_accepted();
      if (!doubts_.empty() || !unlisted_.empty()) return false;
    }
    removed_ += second_pass_.look(now() >= end);
  }
  return true;
}

bool Resync::anything_accepted() const {
  const std::lock_guard lock(mutex_);
  return !accepted_.empty();
}

// ---- Writing

/// Those that were removed from the store meanwhile are not there any more.
void Resync::write(const std::vector<std::int64_t>& numbers) {
  if (numbers.empty()) return;
  if (auto rows = mirror_.reader()->rows(numbers); !rows.empty()) write(std::move(rows));
}

void Resync::write(std::vector<Row> rows) {
  const auto shared = std::make_shared<const std::vector<Row>>(std::move(rows));
  inquiry_.ask(
      shared->size(),
      [this, shared](VersionedStore::BatchDone done) {
        database_.write_all(entries_of(*shared), std::move(done), deadline);
      },
      [this, shared](const BatchResult& result) { written(*shared, result); });
}

void Resync::written(const std::vector<Row>& rows, const BatchResult& result) {
  std::vector<Row> applied;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& there = result.each[i];
    if (there.applied) applied.push_back(rows[i]);
    if (!there.trouble.empty()) log_.warning("mirror_entry_rejected", {{"reason", there.trouble}});
    if (there.entry) adopt(rows[i].entry.name);
  }
  rewritten_ += applied.size();
  mirror_.announce(applied);
}

/// The database has a newer one.
void Resync::adopt(const EntryName& name) {
  auto found = std::make_shared<std::optional<Entry>>();
  inquiry_.ask(
      1,
      [this, name, found](VersionedStore::BatchDone done) {
        database_.get(
            name,
            [found, done = std::move(done)](StoreResult result) {
              *found = std::move(result.entry);
              done({.outcome = result.outcome, .detail = std::move(result.detail)});
            },
            deadline);
      },
      [this, found](const BatchResult&) {
        if (!*found) return;
        ++adopted_;
        mirror_.adopt({std::move(**found)});
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
