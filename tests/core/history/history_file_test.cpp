#include "history/history_file.hpp"

#include <fstream>

#include <sqlite3.h>

#include <dbha/error.hpp>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::test;
using Access = HistoryFile::Access;
using Lines = std::vector<std::string>;

namespace {

std::vector<HistoryEntry> entries(std::int64_t first, std::int64_t last) {
  std::vector<HistoryEntry> out;
  for (auto i = first; i <= last; ++i) out.push_back({i, "line " + std::to_string(i)});
  return out;
}

std::string refusal(const std::filesystem::path& file, Access access) {
  try {
    HistoryFile history(file, access);
  } catch (const Error& e) {
    return e.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a history is read in the order of what happened, from a time on, the newest ones") {
  TempFolder folder;
  const auto file = HistoryFile::path_of(folder.path(), "n");
  HistoryFile writer(file, Access::write);
  writer.append({{10, "a"}, {30, "b"}, {20, "c"}});  // the wall clock stepped back: the order stays
  HistoryFile reader(file, Access::read);            // while it is being written
  REQUIRE(reader.newest(0, 0) == Lines{"a", "b", "c"});
  REQUIRE(reader.newest(0, 2) == Lines{"b", "c"});
  REQUIRE(reader.newest(20, 0) == Lines{"b", "c"});
  REQUIRE(reader.newest(31, 0).empty());
  writer.append({{40, "d"}});
  REQUIRE(reader.newest(31, 0) == Lines{"d"});
}

TEST_CASE("a history goes on where it ended") {
  TempFolder folder;
  const auto file = HistoryFile::path_of(folder.path(), "n");
  HistoryFile(file, Access::write).append(entries(1, 1));
  HistoryFile(file, Access::write).append(entries(2, 2));
  REQUIRE(HistoryFile(file, Access::read).newest(0, 0) == Lines{"line 1", "line 2"});
}

TEST_CASE("a history is bounded by number, by age and by size, and the oldest go first") {
  TempFolder folder;
  HistoryFile history(HistoryFile::path_of(folder.path(), "n"), Access::write);
  history.append(entries(1, 9));
  SECTION("by number") {
    history.prune({.entries = 2}, 9);
    REQUIRE(history.newest(0, 0) == Lines{"line 8", "line 9"});
  }
  SECTION("by age") {
    history.prune({.age = std::chrono::milliseconds(3)}, 10);
    REQUIRE(history.newest(0, 0) == Lines{"line 7", "line 8", "line 9"});
  }
  SECTION("by size") {
    history.prune({.bytes = 20}, 9);  // 6 bytes each
    REQUIRE(history.newest(0, 0) == Lines{"line 7", "line 8", "line 9"});
  }
  SECTION("and what is within stays") {
    history.prune({}, 9);
    REQUIRE(history.newest(0, 0).size() == 9);
  }
}

TEST_CASE("what cannot be used as a history is refused with the file's name and what to do") {
  TempFolder folder;
  const auto file = HistoryFile::path_of(folder.path(), "n");
  SECTION("it is not there") {
    REQUIRE(refusal(file, Access::read).find(file.string() + " cannot be used: unable to open") != std::string::npos);
    REQUIRE_FALSE(std::filesystem::exists(file));
  }
  SECTION("it is something else") {
    std::ofstream(file) << std::string(5000, 'x');
    for (const auto access : {Access::read, Access::write})
      REQUIRE(refusal(file, access).find("file is not a database (move the file away") != std::string::npos);
  }
  SECTION("another version wrote it") {
    HistoryFile(file, Access::write).append(entries(1, 1));
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db, "PRAGMA user_version = 7", nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
    for (const auto access : {Access::read, Access::write})
      REQUIRE(refusal(file, access).find("schema 1 expected, 7 found") != std::string::npos);
  }
}
