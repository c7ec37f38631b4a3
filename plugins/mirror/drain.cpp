#include "mirror/drain.hpp"

#include <utility>

#include "mirror/versions.hpp"
#include "mirror/wall_time.hpp"

namespace dbha::mirror {
namespace {

constexpr std::size_t page = 1024;
/// Short, because each may be sent again, and as long as a primary is silent those behind it wait.
constexpr Duration deadline = std::chrono::seconds(3);

TimePoint now() {
  return std::chrono::steady_clock::now();
}

Outbox::Item item_of(const Row& row) {
  return {row.number, row.partition, row.entry.value.size()};
}

Outbox::Ending ending_of(const Row& row) {
  return row.waiting() ? Outbox::Ending::rewritten : Outbox::Ending::confirmed;
}

std::string text_of(const EntryName& name) {
  return name.table + '.' + name.topic + ' ' + name.key;
}

}  // namespace

Drain::Drain(VersionedStore& database, Outbox::LaneOf lane_of, std::weak_ptr<StoreThread::Intake> intake, Log& log,
             DrainListener& listener, Announcer* announcer)
    : database_(database),
      intake_(std::move(intake)),
      log_(log),
      listener_(listener),
      announcer_(announcer),
      outbox_(std::move(lane_of)) {}

void Drain::accepted(const Row& row) {
  outbox_.accepted(item_of(row), now());
}

void Drain::grown_on_disk() {
  outbox_.grown_on_disk(now());
}

void Drain::ended(std::int64_t number, Outbox::Ending ending) {
  outbox_.ended(number, ending, now());
}

std::optional<TimePoint> Drain::turn(LocalStore& store) {
  tell_away(store);
  if (announcer_) announcer_->flush();
  if (stopped_) return std::nullopt;
  const TimePoint at = now();
  read(store, at);
  for (const auto number : outbox_.due(at)) {
    const auto row = store.row(number);
    if (row && row->waiting()) {
      send(*row);
    } else {
      ended(number, Outbox::Ending::confirmed);
    }
  }
  return outbox_.next(at);
}

void Drain::read(LocalStore& store, TimePoint at) {
  const auto from = outbox_.read_from(at);
  if (!from) return;
  std::vector<Outbox::Item> items;
  for (const auto& waiting : store.waiting(*from, page))
    items.push_back({waiting.number, waiting.partition, waiting.bytes});
  outbox_.read(items, items.size() < page, at);
}

/// The answer comes on the loop thread, when this thread may have ended: then the store finds the entry in its outbox.
void Drain::send(const Row& row) {
  const Entry& entry = row.entry;
  auto done = [this,
               sent = Sent{row.number, row.partition, entry.name, entry.version,
                           announcer_ ? announcer_->record_of(entry) : std::string()},
               intake = intake_](StoreResult result) {
    const auto open = intake.lock();
    if (!open) return;
    Job job = job_of(sent, std::move(result));
    open->submit(job, true);
  };
  if (entry.removed) return database_.remove(entry.name, entry.version, std::move(done), deadline);
  database_.put(entry.name, entry.value, entry.version, std::move(done), deadline);
}

Job Drain::job_of(const Sent& sent, StoreResult result) {
  if (result.ok() && result.applied) return confirmation(sent);
  if (result.ok() && result.entry) {
    if (result.entry->version <= last_version) return adoption(sent, std::move(*result.entry));
    result = {.outcome = Outcome::error_reply,
              .detail = "it has version " + std::to_string(result.entry->version) + " there, above all of this store"};
  }
  return {{}, [this, sent, result = std::move(result)](const std::string&) { failed(sent, result); }};
}

Job Drain::confirmation(const Sent& sent) {
  auto rewritten = std::make_shared<bool>(false);
  return {[number = sent.number, version = sent.version, rewritten](LocalStore& store) {
            *rewritten = store.confirm(number, version, wall_time());
          },
          [this, sent, rewritten](const std::string& refusal) {
            rejections_.remove(sent.number);
            if (announcer_) announcer_->add(sent.name.table, sent.record);
            if (!refusal.empty()) return ended(sent.number, Outbox::Ending::set_aside);
            ended(sent.number, *rewritten ? Outbox::Ending::rewritten : Outbox::Ending::confirmed);
            listener_.on_confirmed(sent.number, sent.version);
          }};
}

Job Drain::adoption(const Sent& sent, Entry newer) {
  auto adopted = std::make_shared<LocalStore::Adopted>();
  return {[sent, adopted, newer = std::move(newer)](LocalStore& store) {
            *adopted = store.adopt(sent.partition, newer, wall_time());
          },
          [this, sent, adopted](const std::string& refusal) {
            rejections_.remove(sent.number);
            if (!refusal.empty()) return ended(sent.number, Outbox::Ending::set_aside);
            ended(sent.number, ending_of(adopted->row));
            listener_.on_overtaken(*adopted);
          }};
}

/// Whether it was written or not: the guard lets it be sent again.
void Drain::failed(const Sent& sent, const StoreResult& result) {
  if (result.outcome != Outcome::error_reply) return ended(sent.number, Outbox::Ending::failed);
  ended(sent.number, Outbox::Ending::set_aside);
  const std::string why = text_of(sent.name) + ": " + result.detail;
  if (rejections_.add(sent.number, why)) log_.warning("mirror_entry_rejected", {{"reason", why}});
}

void Drain::tell_away(const LocalStore& store) {
  const bool away = outbox_.database_away();
  if (away_.exchange(away) == away) return;
  const auto waiting = std::to_string(store.waiting_count());
  if (away) return log_.warning("mirror_database_away", {{"waiting", waiting}});
  log_.info("mirror_database_back", {{"waiting", waiting}});
}

}  // namespace dbha::mirror
