#include "mirror/sqlite.hpp"

namespace dbha::mirror {
namespace {

/// Another program may look at the file meanwhile, or copy it.
constexpr int busy_timeout_ms = 1000;

}  // namespace

Connection::Connection(const std::filesystem::path& file, int flags) {
  sqlite3* db = nullptr;
  const int result = sqlite3_open_v2(file.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(db);
  if (!db) throw StoreFailure(SQLITE_NOMEM, "out of memory");
  if (result != SQLITE_OK) fail();
  sqlite3_busy_timeout(db, busy_timeout_ms);
}

void Connection::execute(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

std::int64_t Connection::number(const char* sql) {
  Query query(*this, sql);
  return query.step() ? query.number(0) : 0;
}

void Connection::fail() const {
  throw StoreFailure(sqlite3_errcode(db_.get()) & 0xFF, sqlite3_errmsg(db_.get()));
}

Query::Query(Connection& connection, std::string_view sql) : connection_(connection) {
  require(sqlite3_prepare_v3(connection.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                             &statement_, nullptr));
}

bool Query::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  end();
  if (result != SQLITE_DONE) connection_.fail();
  return false;
}

void Query::run() {
  while (step()) {
  }
}

std::string Query::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string{};
}

void Query::bind(int index, std::int64_t number) {
  require(sqlite3_bind_int64(statement_, index, number));
}

void Query::bind(int index, std::string_view text) {
  require(sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Query::bind(int index, const Bytes& bytes) {
  require(bytes ? sqlite3_bind_blob64(statement_, index, bytes->data(), bytes->size(), SQLITE_STATIC)
                : sqlite3_bind_null(statement_, index));
}

void Query::require(int result) const {
  if (result != SQLITE_OK) connection_.fail();
}

}  // namespace dbha::mirror
