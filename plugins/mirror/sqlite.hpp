#pragma once
/// SQLite as this plugin uses it: connections and prepared statements. What SQLite refuses is a StoreFailure.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include <dbha/error.hpp>

namespace dbha::mirror {

/// The store cannot be read or written now. what() is in SQLite's words; trouble.hpp says what to do about it.
class StoreFailure : public Error {
 public:
  StoreFailure(int code, const std::string& what) : Error(what), code_(code) {}
  int code() const { return code_; }  ///< primary result code: SQLITE_FULL, SQLITE_CORRUPT ...

 private:
  int code_;
};

/// One thread at a time.
class Connection {
 public:
  /// `flags`: as of sqlite3_open_v2().
  Connection(const std::filesystem::path& file, int flags);

  void execute(const char* sql);
  /// A pragma's or a query's only number.
  std::int64_t number(const char* sql);
  sqlite3* get() const { return db_.get(); }
  [[noreturn]] void fail() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
};

/// A value of the column `value`; nothing: NULL, the entry is removed.
using Bytes = std::optional<std::string_view>;

/// A prepared statement, used again and again: with(...) begins anew, step() is true while there is a row. Text and
/// bytes that are bound must live until the last step.
class Query {
 public:
  Query(Connection& connection, std::string_view sql);
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  template <class... Values>
  Query& with(const Values&... values) {
    end();
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  bool step();
  void run();
  /// Lets go of what it reads before its last row.
  void end() { sqlite3_reset(statement_); }

  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const;
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  void bind(int index, std::int64_t number);
  void bind(int index, std::string_view text);
  void bind(int index, const Bytes& bytes);
  void require(int result) const;

  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace dbha::mirror
