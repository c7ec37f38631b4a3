#include "mirror/local_mirror.hpp"

#include <algorithm>
#include <utility>

#include "mirror/trouble.hpp"
#include "mirror/versions.hpp"
#include "mirror/wall_time.hpp"

namespace dbha::mirror {
namespace {

constexpr std::size_t page = 256;
constexpr Duration forget_period = std::chrono::minutes(1);
constexpr const char* ending = "the process ends: the outbox keeps it for the next start";

std::int64_t ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Outbox::LaneOf lanes_of(const ConsistencyHost& host) {
  return [&host](Partition partition) {
    const auto topology = host.topology();
    const Node* owner = topology ? topology->owner(partition) : nullptr;
    return owner ? owner->id : NodeId{};
  };
}

PartitionSet everywhere() {
  PartitionSet all;
  all.set({{0}, {UINT32_MAX - 1}}, {});
  return all;
}

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

MirrorChange::Kind kind_of(const LocalStore::Adopted& adopted) {
  if (adopted.row.entry.removed) return MirrorChange::Kind::removed;
  return adopted.created ? MirrorChange::Kind::created : MirrorChange::Kind::updated;
}

/// Who fills a cache has nothing to announce.
std::unique_ptr<Announcer> announcer_of(const Settings& settings, ConsistencyHost& host, Log& log) {
  if (settings.direction == Direction::pull || !settings.announce) return nullptr;
  return std::make_unique<Announcer>(host, log);
}

/// For callers who do not want to know.
Mirror::Done heard(Mirror::Done done) {
  if (done) return done;
  return [](const MirrorResult&) {};
}

}  // namespace

LocalMirror::LocalMirror(Settings settings, Log& log, ConsistencyHost& host, VersionedStore& database)
    : settings_(std::move(settings)),
      host_(host),
      database_(database),
      thread_(std::make_unique<StoreThread>(
          settings_.file, writer_bits(settings_.process),
          [&database](const EntryName& name) { return database.partition_of(name); }, log)),
      announcer_(announcer_of(settings_, host, log)),
      drain_(database, lanes_of(host), thread_->intake(), log, *this, announcer_.get()) {
  thread_->start([this](LocalStore& store) { return turn(store); }, [this] { drain_.grown_on_disk(); });
}

LocalMirror::~LocalMirror() {
  stop();
  thread_.reset();
  waiters_.release(ending);
}

void LocalMirror::stop() {
  stopped_ = true;
  drain_.stop();
  Job release{{}, [this](const std::string&) { waiters_.release(ending); }};
  thread_->intake()->submit(release, true);
}

void LocalMirror::put(EntryName name, std::string value, MirrorWrite how, Done done) {
  write({.name = std::move(name), .version = 0, .value = std::move(value)}, how, heard(std::move(done)));
}

void LocalMirror::remove(EntryName name, MirrorWrite how, Done done) {
  write({.name = std::move(name), .version = 0, .value = {}, .removed = true}, how, heard(std::move(done)));
}

std::optional<std::string> LocalMirror::unfit(const EntryName& name, const MirrorWrite& how) const {
  if (settings_.direction == Direction::pull)
    return "mirror " + settings_.handler +
           " is a cache of the database (direction = \"pull\"): write to the mirror that pushes table '" + name.table +
           "', or into the database itself";
  if (name.topic.empty()) return "an entry needs a topic";
  if (how.version && (*how.version == 0 || *how.version > last_version))
    return "a version is from 1 to " + std::to_string(last_version) + ", found " + std::to_string(*how.version);
  const auto& tables = settings_.tables;
  if (std::find(tables.begin(), tables.end(), name.table) != tables.end()) return std::nullopt;
  return "table '" + name.table + "' is not among those of mirror " + settings_.handler + " (" + list_of(tables) +
         "): add it to `tables` there";
}

void LocalMirror::write(Entry entry, MirrorWrite how, Done done) {
  if (auto why = unfit(entry.name, how)) return refuse(std::move(*why), std::move(done));
  entry.version = how.version.value_or(0);
  const std::size_t bytes = entry.value.size() + entry.name.key.size() + entry.name.topic.size() + 100;
  const Partition partition = database_.partition_of(entry.name);
  auto result = std::make_shared<LocalStore::WriteResult>();
  Job job{[=, entry = std::move(entry)](LocalStore& store) { *result = store.write(partition, entry, wall_time()); },
          [=, this](const std::string& refusal) {
            if (refusal.empty()) return written(*result, how.wait, done);
            done({.outcome = MirrorOutcome::refused, .reason = refusal});
          },
          bytes};
  if (!thread_->intake()->submit(job, false))
    refuse("the disk is too slow: too many writes wait for it; try again later", std::move(done));
}

/// Not at once: `done` is called later than put() returns.
void LocalMirror::refuse(std::string reason, Done done) {
  Job answer{{}, [reason = std::move(reason), done = std::move(done)](const std::string&) {
               done({.outcome = MirrorOutcome::refused, .reason = reason});
             }};
  thread_->intake()->submit(answer, true);
}

void LocalMirror::written(const LocalStore::WriteResult& result, MirrorWait wait, const Done& done) {
  switch (result.written) {
    case LocalStore::Written::stored:
      return stored(result.row, wait, done);
    case LocalStore::Written::superseded:
      return done({.outcome = MirrorOutcome::superseded, .newer = result.row.entry});
    case LocalStore::Written::no_version:
      return done({.outcome = MirrorOutcome::refused,
                   .reason = "the entry's version is the highest there is: it can be written no more"});
    case LocalStore::Written::no_room:
      return done({.outcome = MirrorOutcome::refused,
                   .reason = "store_limit of mirror " + settings_.handler + " is reached, with " +
                             std::to_string(thread_->waiting()) +
                             " entries that wait for the database: raise it, remove entries, or see why the database "
                             "does not take them"});
  }
}

void LocalMirror::stored(const Row& row, MirrorWait wait, const Done& done) {
  const std::uint64_t version = row.entry.version;
  waiters_.superseded(row);
  if (row.waiting()) drain_.accepted(row);
  if (wait == MirrorWait::store || !row.waiting())
    return done({.outcome = MirrorOutcome::stored, .version = version, .in_database = !row.waiting()});
  if (stopped_) return done({.outcome = MirrorOutcome::stored, .version = version, .reason = ending});
  waiters_.add(row.number, version, done);
}

void LocalMirror::on_confirmed(std::int64_t number, std::uint64_t version) {
  ++confirmed_;
  waiters_.confirmed(number, version);
}

void LocalMirror::on_overtaken(const LocalStore::Adopted& adopted) {
  ++overtaken_;
  if (adopted.row.waiting()) return;  // the store has a newer one still, which is sent next
  if (adopted.changed) changes_.tell({kind_of(adopted), adopted.row.entry});
  waiters_.overtaken(adopted.row);
}

std::optional<TimePoint> LocalMirror::turn(LocalStore& store) {
  const TimePoint now = std::chrono::steady_clock::now();
  forget_removed(store, now);
  const auto next = drain_.turn(store);
  return std::min(next.value_or(forget_at_), forget_at_);
}

void LocalMirror::forget_removed(LocalStore& store, TimePoint now) {
  if (now < forget_at_) return;
  forget_at_ = now + forget_period;
  if (store.forget_removed(wall_time().ms() - ms(settings_.tombstone_ttl)) > 0) forget_at_ = now;
}

std::shared_ptr<StoreReader> LocalMirror::reader() const {
  if (auto reader = thread_->reader()) return reader;
  throw StoreFailure(SQLITE_CANTOPEN, thread_->trouble());
}

std::unique_ptr<StoreReader> LocalMirror::own_reader() const {
  reader();
  return std::make_unique<StoreReader>(settings_.file.path);
}

std::string LocalMirror::trouble_at(const StoreFailure& failure) const {
  const auto known = thread_->trouble();
  return known.empty() ? trouble_of(failure, settings_.file.path) : known;
}

void LocalMirror::keep_doubts(std::vector<Doubt> doubts) {
  Job job{[doubts = std::move(doubts)](LocalStore& store) { store.keep_doubts(doubts); }, [](const std::string&) {}};
  thread_->intake()->submit(job, true);
}

/// Done in the name of the database, or of a resync.
Job LocalMirror::job_of(std::function<void(LocalStore&)> apply, std::function<void()> then) {
  return {std::move(apply), [this, then = std::move(then)](const std::string& refusal) {
            if (!refusal.empty()) {
              unstored_ = true;
            } else if (then) {
              then();
            }
          }};
}

void LocalMirror::store(Job job) {
  if (!thread_->intake()->submit(job, true)) unstored_ = true;
}

Job LocalMirror::adoption(std::vector<Entry> newer) {
  std::erase_if(newer, [](const Entry& entry) { return entry.version > last_version; });
  std::size_t bytes = 0;
  for (const auto& entry : newer) bytes += entry.value.size() + 100;
  auto adopted = std::make_shared<std::vector<LocalStore::Adopted>>();
  Job job = job_of(
      [=, this, newer = std::move(newer)](LocalStore& in) {
        adopted->clear();  // it may be tried twice
        for (const auto& entry : newer)
          adopted->push_back(in.adopt(database_.partition_of(entry.name), entry, wall_time()));
      },
      [this, adopted] {
        for (const auto& each : *adopted) on_overtaken(each);
      });
  job.bytes = bytes;
  return job;
}

void LocalMirror::adopt(std::vector<Entry> newer) {
  if (!newer.empty()) store(adoption(std::move(newer)));
}

bool LocalMirror::hear(std::vector<Entry> newer) {
  if (newer.empty()) return true;
  Job job = adoption(std::move(newer));
  return thread_->intake()->submit(job, false);
}

void LocalMirror::suspect(std::vector<Suspect> suspects) {
  if (suspects.empty()) return;
  store(job_of(
      [suspects = std::move(suspects)](LocalStore& in) {
        for (const auto& suspect : suspects) in.suspect(suspect);
      },
      {}));
}

void LocalMirror::acquit(std::vector<Suspect> suspects) {
  if (suspects.empty()) return;
  store(job_of(
      [suspects = std::move(suspects)](LocalStore& in) {
        for (const auto& suspect : suspects) in.acquit(suspect);
      },
      {}));
}

/// In one transaction with the acquittal. A cache takes over a removal of the very version that it has, so that whoever
/// writes that again brings it back.
void LocalMirror::remove_suspects(std::vector<Suspect> suspects) {
  if (suspects.empty()) return;
  auto adopted = std::make_shared<std::vector<LocalStore::Adopted>>();
  auto sent = std::make_shared<std::vector<Row>>();
  store(job_of(
      [=, this, suspects = std::move(suspects)](LocalStore& in) {
        adopted->clear();
        sent->clear();
        for (const auto& suspect : suspects) {
          in.acquit(suspect);
          if (settings_.direction == Direction::pull) {
            adopted->push_back(in.adopt(suspect.partition, {suspect.name, suspect.version, {}, true}, wall_time()));
          } else if (auto row = in.remove_unknown(suspect, wall_time())) {
            sent->push_back(std::move(*row));
          }
        }
      },
      [=, this] {
        for (const auto& each : *adopted) on_overtaken(each);
        for (const auto& row : *sent) drain_.accepted(row);
      }));
}

void LocalMirror::set_complete(const std::vector<std::string>& tables) {
  store(job_of(
      [tables](LocalStore& in) {
        for (const auto& table : tables) in.set_complete(table, wall_time());
      },
      {}));
}

void LocalMirror::announce(const std::vector<Row>& rows) {
  if (!announcer_ || rows.empty()) return;
  for (const auto& row : rows) announcer_->add(row.entry.name.table, announcer_->record_of(row.entry));
  announcer_->flush();
}

bool LocalMirror::flush() {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  Job job{{}, [done](const std::string&) { done->set_value(); }};
  if (!thread_->intake()->submit(job, true)) return false;
  future.wait();
  return !unstored_.exchange(false);
}

MirrorFound LocalMirror::get(const EntryName& name) {
  const auto reader = thread_->reader();
  if (!reader) return {.ok = false, .reason = thread_->trouble()};
  try {
    auto row = reader->get(database_.partition_of(name), name);
    return {.ok = true, .entry = row ? std::optional(std::move(row->entry)) : std::nullopt};
  } catch (const StoreFailure& failure) {
    return {.ok = false, .reason = trouble_of(failure, settings_.file.path)};
  }
}

MirrorFound LocalMirror::scan(const ScanRange& range, const std::function<bool(Entry)>& visit) {
  const auto reader = thread_->reader();
  if (!reader) return {.ok = false, .reason = thread_->trouble()};
  StoreReader::Selection selection{range.partitions.empty() ? everywhere() : range.partitions, range.table, range.topic,
                                   range.removed, range.values};
  try {
    std::optional<StoreReader::Place> place;
    while (true) {
      auto rows = reader->page(selection, place, page);
      const bool last = rows.size() < page;
      if (!rows.empty()) place = StoreReader::place_of(rows.back());
      for (auto& row : rows)
        if (!visit(std::move(row.entry))) return {.ok = true};
      if (last) return {.ok = true};
    }
  } catch (const StoreFailure& failure) {
    return {.ok = false, .reason = trouble_of(failure, settings_.file.path)};
  }
}

Subscription LocalMirror::on_change(std::function<void(const MirrorChange&)> handler) {
  return changes_.subscribe(std::move(handler));
}

bool LocalMirror::complete(const std::vector<std::string>& tables) const {
  const auto reader = thread_->reader();
  if (!reader || tables.empty()) return false;
  try {
    return std::all_of(tables.begin(), tables.end(), [&](const auto& table) { return reader->complete(table); });
  } catch (const StoreFailure&) {
    return false;
  }
}

MirrorState LocalMirror::state() const {
  return {.trouble = thread_->trouble(),
          .waiting = thread_->waiting(),
          .database_away = drain_.database_away(),
          .confirmed = confirmed_,
          .overtaken = overtaken_,
          .complete = complete(settings_.direction == Direction::pull ? settings_.tables : settings_.owned)};
}

std::string LocalMirror::trouble() const {
  const auto store = thread_->trouble();
  return store.empty() ? drain_.rejections().text() : store;
}

}  // namespace dbha::mirror
