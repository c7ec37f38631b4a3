#include "mirror/listing.hpp"

#include <utility>

#include "mirror/versions.hpp"

namespace dbha::mirror {
namespace {

constexpr Duration deadline = std::chrono::seconds(3);

std::vector<std::string> listed(const Settings& settings) {
  return settings.direction == Direction::pull ? settings.tables : settings.owned;
}

}  // namespace

Listing::Listing(LocalMirror& mirror, VersionedStore& database, Inquiry& inquiry, Log& log, Adopt adopt,
                 Advance advance)
    : mirror_(mirror),
      database_(database),
      inquiry_(inquiry),
      log_(log),
      adopt_(std::move(adopt)),
      advance_(std::move(advance)),
      tables_(listed(mirror.settings())),
      survey_(database) {}

std::string Listing::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Listing::set_trouble(std::string trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

Listing::End Listing::list(const PartitionSet& partitions) {
  End end = End::listed;
  for (const auto& table : tables_) {
    const End of_table = list(table, partitions);
    if (of_table == End::away) return of_table;
    if (of_table == End::refused) end = of_table;
  }
  if (end == End::listed) set_trouble("");
  inquiry_.finish();
  if (!mirror_.flush()) throw StoreFailure(SQLITE_IOERR, "what the database has could not be stored");
  return end;
}

/// Those of the partitions where entries of the table may lie: a topic lies in one.
PartitionSet Listing::homes_of(const std::string& table, const PartitionSet& partitions) const {
  const auto& topics = mirror_.settings().topics;
  if (topics.empty()) return partitions;
  PartitionSet out;
  for (const auto& topic : topics) {
    const Partition home = database_.partition_of({table, topic, {}});
    if (partitions.find(home)) out.set({home, home}, {});
  }
  return out;
}

/// A store that has to be filled gets the values at once; another one knows nearly all of them.
Listing::End Listing::list(const std::string& table, const PartitionSet& partitions) {
  const Settings& settings = mirror_.settings();
  const PartitionSet where = homes_of(table, partitions);
  if (where.empty()) return End::listed;
  const Terms terms{settings.direction, settings.owns(table), mirror_.reader()->complete(table)};
  const bool values = !terms.complete;
  const StoreResult end = survey_.scan(
      {.table = table, .topic = {}, .partitions = where, .values = values, .removed = false},
      [&](std::vector<Entry> entries) { judge(terms, values, std::move(entries)); }, deadline);
  if (end.ok()) return End::listed;
  log_.warning("mirror_table_not_listed", {{"table", table}, {"reason", end.detail}});
  if (end.outcome != Outcome::error_reply && end.outcome != Outcome::refused) return End::away;
  set_trouble("the database does not tell all that it has of table '" + table + "': " + end.detail);
  return End::refused;
}

void Listing::judge(const Terms& terms, bool values, std::vector<Entry> entries) {
  inquiry_.pace(entries.size());
  advance_(entries.size());
  const auto reader = mirror_.reader();
  std::vector<Entry> adopted;
  std::vector<Suspect> suspects;
  for (Entry& entry : entries) {
    if (entry.version > last_version || !mirror_.settings().lists(entry.name)) continue;
    const Partition partition = database_.partition_of(entry.name);
    const auto row = reader->get(partition, entry.name);
    const Action action = first_look(terms, row ? std::optional(held(row->entry)) : std::nullopt, held(entry));
    if (action == Action::suspect) suspects.push_back({partition, entry.name, entry.version});
    if (action != Action::adopt) continue;
    if (values) {
      adopted.push_back(std::move(entry));
    } else {
      adopt_(entry.name);
    }
  }
  mirror_.adopt(std::move(adopted));
  mirror_.suspect(std::move(suspects));
  if (!mirror_.flush()) throw StoreFailure(SQLITE_IOERR, "what the database has could not be stored");
}

}  // namespace dbha::mirror
