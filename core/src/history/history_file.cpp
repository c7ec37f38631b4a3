#include "history/history_file.hpp"

#include <algorithm>

#include <sqlite3.h>

#include <dbha/error.hpp>

#include "state_store/statement.hpp"

namespace dbha {
namespace {

constexpr std::int64_t schema_version = 1;
/// Readers hold up no writer and the other way round, but for moments at the opening and the closing.
constexpr int busy_ms = 2000;

std::int64_t schema_of(sqlite3* db) {
  Statement read(db, "PRAGMA user_version");
  return read.step() ? read.number(0) : 0;
}

void refuse_other(std::int64_t found) {
  if (found != schema_version)
    throw Error("it was written by another version of dbha: schema " + std::to_string(schema_version) + " expected, " +
                std::to_string(found) + " found");
}

/// After a power cut it may be a moment older.
void prepare(sqlite3* db) {
  Statement(db, "PRAGMA journal_mode = WAL").run();
  Statement(db, "PRAGMA synchronous = NORMAL").run();
  if (const auto found = schema_of(db); found != 0) return refuse_other(found);
  Transaction transaction(db);
  Statement(db,
            "CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, "
            "line TEXT NOT NULL)")
      .run();
  Statement(db, "CREATE INDEX IF NOT EXISTS entry_at ON entry (at_ms)").run();
  Statement(db, "PRAGMA user_version = " + std::to_string(schema_version)).run();
  transaction.commit();
}

std::string advice(int code) {
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    return " (move the file away: it is only what has been, and a new one begins)";
  if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_PERM)
    return " (may you read it, and write in its folder? Run this as the user of the process)";
  return "";
}

}  // namespace

void HistoryFile::Close::operator()(sqlite3* db) const {
  sqlite3_close(db);
}

HistoryFile::HistoryFile(const std::filesystem::path& file, Access access) {
  sqlite3* db = nullptr;
  const int made = access == Access::write ? SQLITE_OPEN_CREATE : 0;
  const int result = sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | made, nullptr);
  db_.reset(db);
  try {
    if (result != SQLITE_OK) throw Error(sqlite3_errmsg(db));
    sqlite3_busy_timeout(db, busy_ms);
    if (access == Access::write) {
      prepare(db);
    } else {
      refuse_other(schema_of(db));
    }
  } catch (const Error& e) {
    throw Error("history " + file.string() + " cannot be used: " + e.what() + advice(sqlite3_errcode(db) & 0xFF));
  }
}

void HistoryFile::append(const std::vector<HistoryEntry>& entries) {
  Transaction transaction(db_.get());
  for (const auto& entry : entries)
    Statement(db_.get(), "INSERT INTO entry (at_ms, line) VALUES (?1, ?2)")
        .bind(1, entry.at_ms)
        .bind(2, entry.line)
        .run();
  transaction.commit();
}

void HistoryFile::prune(const HistoryLimits& limits, std::int64_t now_ms) {
  const auto age_ms = std::chrono::duration_cast<std::chrono::milliseconds>(limits.age).count();
  Transaction transaction(db_.get());
  Statement(db_.get(), "DELETE FROM entry WHERE at_ms < ?1").bind(1, now_ms - age_ms).run();
  Statement(db_.get(), "DELETE FROM entry WHERE number <= (SELECT max(number) FROM entry) - ?1")
      .bind(1, limits.entries)
      .run();
  Statement(
      db_.get(),
      "DELETE FROM entry WHERE number <= (SELECT max(number) FROM (SELECT number, sum(length(CAST(line AS BLOB))) "
      "OVER (ORDER BY number DESC) AS bytes FROM entry) WHERE bytes > ?1)")
      .bind(1, limits.bytes)
      .run();
  transaction.commit();
}

std::vector<std::string> HistoryFile::newest(std::int64_t since_ms, std::int64_t limit) const {
  Statement read(db_.get(), "SELECT line FROM entry WHERE at_ms >= ?1 ORDER BY number DESC LIMIT ?2");
  read.bind(1, since_ms).bind(2, limit == 0 ? std::int64_t{-1} : limit);
  std::vector<std::string> out;
  while (read.step()) out.push_back(read.text(0));
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace dbha
