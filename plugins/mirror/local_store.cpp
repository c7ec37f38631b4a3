#include "mirror/local_store.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "mirror/read_row.hpp"
#include "mirror/schema.hpp"
#include "mirror/versions.hpp"

namespace dbha::mirror {
namespace {

Bytes value_of(const Entry& entry) {
  return entry.removed ? Bytes{} : Bytes{entry.value};
}

bool same_content(const Entry& a, const Entry& b) {
  return a.removed == b.removed && a.value == b.value;
}

std::int64_t as_number(std::uint64_t version) {
  return static_cast<std::int64_t>(version);
}

std::string with_columns(std::string_view before, std::string_view after) {
  std::string out(before);
  return out.append(row_columns).append(after);
}

Connection& prepare(Connection& connection, Durability durability) {
  connection.execute("PRAGMA journal_mode = WAL");
  connection.execute(durability == Durability::power ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  connection.execute("BEGIN IMMEDIATE");  // a file that cannot be written is found now, not at the first write
  connection.execute(schema);
  Query read(connection, "SELECT value FROM meta WHERE name = 'schema'");
  if (!read.with().step()) {
    Query(connection, "INSERT INTO meta VALUES ('schema', ?1)").with(schema_version).run();
  } else if (read.number(0) != schema_version) {
    throw StoreFailure(SQLITE_MISMATCH, "it was written by another version of dbha: schema " +
                                            std::to_string(schema_version) + " expected, " + read.text(0) + " found");
  }
  read.end();
  connection.execute("COMMIT");
  return connection;
}

}  // namespace

class LocalStore::Statements {
 public:
  explicit Statements(Connection& db)
      : begin(db, "BEGIN IMMEDIATE"),
        commit(db, "COMMIT"),
        find(db,
             with_columns("SELECT ", " FROM entries WHERE partition = ?1 AND tbl = ?2 AND topic = ?3 AND key = ?4")),
        row(db, with_columns("SELECT ", " FROM entries WHERE number = ?1")),
        insert(db,
               "INSERT INTO entries (partition, tbl, topic, key, version, removed, value, written_ms, confirmed, "
               "confirmed_ms, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6 IS NULL, ?6, ?7, ?8, ?9, ?10)"),
        replace(db,
                "UPDATE entries SET version = ?2, removed = ?3 IS NULL, value = ?3, written_ms = ?4, confirmed = ?5, "
                "confirmed_ms = ?6 WHERE number = ?1"),
        confirm(db,
                "UPDATE entries SET confirmed = ?2, confirmed_ms = ?3 WHERE number = ?1 AND confirmed < ?2 "
                "AND confirmed < version RETURNING version"),
        settle(db, "DELETE FROM doubts"),
        doubt(db, "INSERT INTO doubts VALUES (?1, ?2, ?3, ?4)"),
        suspect(db, "INSERT OR REPLACE INTO suspects VALUES (?1, ?2, ?3, ?4, ?5)"),
        acquit(db, "DELETE FROM suspects WHERE partition = ?1 AND tbl = ?2 AND topic = ?3 AND key = ?4"),
        highest(db, "INSERT OR REPLACE INTO meta VALUES ('highest', ?1)"),
        complete(db, "INSERT OR REPLACE INTO meta VALUES (?1, ?2)"),
        erase(db, "DELETE FROM entries WHERE number = ?1"),
        forget(db,
               "DELETE FROM entries WHERE number IN (SELECT number FROM entries WHERE value IS NULL "
               "AND confirmed_ms < ?1 AND confirmed >= version "
               "AND NOT EXISTS (SELECT 1 FROM doubts WHERE partition BETWEEN first AND last) LIMIT 1000)"),
        waiting(db,
                "SELECT number, partition, ifnull(length(value), 0) FROM entries "
                "WHERE confirmed < version AND number > ?1 ORDER BY number LIMIT ?2"),
        pages(db, "PRAGMA page_count"),
        free_pages(db, "PRAGMA freelist_count"),
        page_size(db, "PRAGMA page_size") {}

  Query begin, commit, find, row, insert, replace, confirm, settle, doubt, suspect, acquit, highest, complete, erase,
      forget, waiting, pages, free_pages, page_size;
};

/// Not SQLite's own lock, which would keep readers out as well.
LocalStore::FileLock::FileLock(const std::filesystem::path& path)
    : fd_(open((path.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (fd_ < 0)
    throw StoreFailure(errno == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN,
                       path.string() + ".lock cannot be made: " + std::strerror(errno));
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  close(fd_);
  throw StoreFailure(SQLITE_BUSY, "another mirror uses it");
}

LocalStore::FileLock::~FileLock() {
  close(fd_);
}

std::optional<std::int64_t> LocalStore::FileLock::noted() const {
  char text[32] = {};
  const auto size = pread(fd_, text, sizeof text - 1, 0);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text, text + std::max<ssize_t>(size, 0), out);
  return error == std::errc{} && *end == '\n' ? std::optional(out) : std::nullopt;
}

/// Of one length, so that it is replaced at once. If that fails a copy is not told from the file itself: as before.
void LocalStore::FileLock::note(std::int64_t highest) const {
  const auto digits = std::to_string(highest);
  const std::string text = std::string(19 - digits.size(), '0') + digits + '\n';
  if (pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return;
}

LocalStore::LocalStore(const StoreFile& file, std::uint64_t writer, const PartitionOf& partition_of)
    : limit_(file.limit),
      writer_(writer),
      lock_(file.path),
      connection_(file.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE),
      statements_(std::make_unique<Statements>(prepare(connection_, file.durability))),
      waiting_count_(
          static_cast<std::uint64_t>(connection_.number("SELECT count(*) FROM entries WHERE confirmed < version"))) {
  require_placement(partition_of);
  find_highest();
}

/// The oldest and the newest stand for all: a backend's partitions are the same for all entries.
void LocalStore::require_placement(const PartitionOf& partition_of) {
  for (const char* which : {"SELECT min(number) FROM entries", "SELECT max(number) FROM entries"}) {
    const auto one = row(connection_.number(which));
    if (one && partition_of(one->entry.name) != one->partition)
      throw StoreFailure(SQLITE_MISMATCH, "it was written for a database with other partitions");
  }
}

/// An older copy of the file does not know what was stored since: it must not be taken for what the truth does not
/// know. A copy is told by the numbers that it has not given.
void LocalStore::find_highest() {
  highest_ = std::max(connection_.number("SELECT ifnull(max(number), 0) FROM entries"),
                      connection_.number("SELECT ifnull(max(value), 0) FROM meta WHERE name = 'highest'"));
  const auto noted = lock_.noted();
  if (!noted || *noted > highest_) connection_.execute("DELETE FROM meta WHERE name LIKE 'complete:%'");
  highest_ = std::max(highest_, noted.value_or(0));
  noted_ = highest_;
  lock_.note(noted_);
}

/// Where the entry that bore it may not be there, or not any more.
void LocalStore::keep_highest() {
  statements_->highest.with(highest_).run();
}

LocalStore::~LocalStore() = default;

void LocalStore::begin() {
  int moved = 0;
  sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved) throw StoreFailure(SQLITE_CANTOPEN, "the file is gone, or another stands in its place");
  waiting_before_ = waiting_count_;
  statements_->begin.with().run();
}

void LocalStore::commit() {
  statements_->commit.with().run();
  if (highest_ > noted_) lock_.note(noted_ = highest_);
}

/// SQLite may have done so by itself, then there is nothing to roll back.
void LocalStore::roll_back() {
  waiting_count_ = waiting_before_;
  highest_ = noted_;
  if (!sqlite3_get_autocommit(connection_.get())) connection_.execute("ROLLBACK");
}

void LocalStore::counted(bool before, bool after) {
  waiting_count_ += static_cast<std::uint64_t>(after) - static_cast<std::uint64_t>(before);
}

bool LocalStore::full() {
  if (limit_ == 0) return false;
  const auto ask = [](Query& query) { return query.with().step() ? static_cast<std::uint64_t>(query.number(0)) : 0; };
  const auto used = (ask(statements_->pages) - ask(statements_->free_pages)) * ask(statements_->page_size);
  for (Query* query : {&statements_->pages, &statements_->free_pages, &statements_->page_size}) query->end();
  return used >= limit_;
}

std::optional<Row> LocalStore::find(Partition partition, const EntryName& name) {
  Query& query = statements_->find.with(std::int64_t{partition.value}, std::string_view(name.table),
                                        std::string_view(name.topic), std::string_view(name.key));
  if (!query.step()) return std::nullopt;
  Row row = read_row(query);
  query.end();
  return row;
}

std::optional<Row> LocalStore::row(std::int64_t number) {
  Query& query = statements_->row.with(number);
  if (!query.step()) return std::nullopt;
  Row row = read_row(query);
  query.end();
  return row;
}

Row LocalStore::insert(Partition partition, const Entry& entry, WallTime now, bool confirmed) {
  Row row{++highest_, partition, entry, confirmed ? entry.version : 0, confirmed ? now.ms() : 0};
  put_in(row, now);
  counted(false, row.waiting());
  return row;
}

void LocalStore::put_in(const Row& row, WallTime now) {
  const EntryName& name = row.entry.name;
  statements_->insert
      .with(std::int64_t{row.partition.value}, std::string_view(name.table), std::string_view(name.topic),
            std::string_view(name.key), as_number(row.entry.version), value_of(row.entry), now.ms(),
            as_number(row.confirmed), row.confirmed_ms, row.number)
      .run();
}

/// What has become much smaller is put in anew: SQLite joins pages after a deletion only, so the room would stay lost.
Row LocalStore::replace(Row row, const Entry& entry, WallTime now, bool confirmed) {
  const bool waited = row.waiting();
  const bool smaller = 2 * entry.value.size() < row.entry.value.size();
  row.entry = entry;
  if (confirmed) {
    row.confirmed = entry.version;
    row.confirmed_ms = now.ms();
  }
  if (smaller) {
    statements_->erase.with(row.number).run();
    put_in(row, now);
  } else {
    statements_->replace
        .with(row.number, as_number(entry.version), value_of(entry), now.ms(), as_number(row.confirmed),
              row.confirmed_ms)
        .run();
  }
  counted(waited, row.waiting());
  return row;
}

/// What takes no more room than what it replaces is stored in a full store too: a removal is a way out.
LocalStore::WriteResult LocalStore::write(Partition partition, const Entry& given, WallTime now) {
  Entry entry = given;
  auto row = find(partition, entry.name);
  if (entry.version == 0) {
    const auto version = next_version(row ? row->entry.version : 0, now.us, writer_);
    if (!version) return {Written::no_version, std::move(*row)};
    entry.version = *version;
  }
  if (row && row->entry.version == entry.version && same_content(row->entry, entry))
    return {Written::stored, std::move(*row)};
  if (row && row->entry.version >= entry.version) return {Written::superseded, std::move(*row)};
  if ((!row || row->entry.value.size() < entry.value.size()) && full()) return {Written::no_room, {}};
  if (!row) return {Written::stored, insert(partition, entry, now, false)};
  return {Written::stored, replace(std::move(*row), entry, now, false)};
}

bool LocalStore::confirm(std::int64_t number, std::uint64_t version, WallTime now) {
  Query& query = statements_->confirm.with(number, as_number(version), now.ms());
  if (!query.step()) return false;  // confirmed before, or gone
  const bool waits = static_cast<std::uint64_t>(query.number(0)) > version;
  query.run();
  counted(true, waits);
  return waits;
}

LocalStore::Adopted LocalStore::adopt(Partition partition, const Entry& entry, WallTime now) {
  auto row = find(partition, entry.name);
  if (!row) return {insert(partition, entry, now, true), !entry.removed, true};
  if (row->entry.version > entry.version) return {std::move(*row), false, false};
  const bool changed = !same_content(row->entry, entry);
  if (!changed && row->confirmed == entry.version) return {std::move(*row), false, false};
  const bool created = row->entry.removed && !entry.removed;
  return {replace(std::move(*row), entry, now, true), changed, created};
}

std::optional<Row> LocalStore::remove_unknown(const Suspect& found, WallTime now) {
  const auto version = next_version(found.version, now.us, writer_);
  if (!version || full() || find(found.partition, found.name)) return std::nullopt;
  return insert(found.partition, {.name = found.name, .version = *version, .value = {}, .removed = true}, now, false);
}

void LocalStore::suspect(const Suspect& suspect) {
  const EntryName& name = suspect.name;
  statements_->suspect
      .with(std::int64_t{suspect.partition.value}, std::string_view(name.table), std::string_view(name.topic),
            std::string_view(name.key), as_number(suspect.version))
      .run();
}

void LocalStore::acquit(const Suspect& suspect) {
  const EntryName& name = suspect.name;
  statements_->acquit
      .with(std::int64_t{suspect.partition.value}, std::string_view(name.table), std::string_view(name.topic),
            std::string_view(name.key))
      .run();
}

void LocalStore::set_complete(const std::string& table, WallTime now) {
  const std::string name = std::string(complete_name).append(table);
  statements_->complete.with(std::string_view(name), now.ms()).run();
  keep_highest();
}

void LocalStore::keep_doubts(const std::vector<Doubt>& doubts) {
  statements_->settle.with().run();
  for (const auto& doubt : doubts)
    for (const auto& [range, member] : doubt.partitions)
      statements_->doubt
          .with(std::string_view(doubt.event), std::int64_t{range.first.value}, std::int64_t{range.last.value},
                doubt.since_ms)
          .run();
}

std::uint64_t LocalStore::forget_removed(std::int64_t before_ms) {
  statements_->forget.with(before_ms).run();
  const auto forgotten = static_cast<std::uint64_t>(sqlite3_changes(connection_.get()));
  if (forgotten > 0) keep_highest();
  return forgotten;
}

std::vector<LocalStore::Waiting> LocalStore::waiting(std::int64_t after, std::size_t limit) {
  std::vector<Waiting> out;
  Query& query = statements_->waiting.with(after, static_cast<std::int64_t>(limit));
  while (query.step())
    out.push_back(
        {query.number(0), {static_cast<std::uint32_t>(query.number(1))}, static_cast<std::size_t>(query.number(2))});
  return out;
}

}  // namespace dbha::mirror
