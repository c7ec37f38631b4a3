#include "history/history_writer.hpp"

#include <fstream>

#include <nlohmann/json.hpp>
#include <sqlite3.h>

#include "lab/wait.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/test_log.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;

namespace {

constexpr auto patience = std::chrono::seconds(20);

json entry(int number) {
  return {{"what", "test"}, {"at_ms", number}};
}

std::vector<json> kept_in(const std::filesystem::path& file) {
  std::vector<json> out;
  for (const auto& line : HistoryFile(file, HistoryFile::Access::read).newest(0, 0)) out.push_back(json::parse(line));
  return out;
}

/// Whoever else writes to the file waits while this lives.
class Blocked {
 public:
  explicit Blocked(const std::filesystem::path& file) {
    sqlite3_open(file.c_str(), &db_);
    REQUIRE(sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  ~Blocked() { sqlite3_close(db_); }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace

TEST_CASE("what is added stands in the file when the writer ends") {
  TempFolder folder;
  TestLog log;
  const auto file = HistoryFile::path_of(folder.path(), "n");
  {
    HistoryWriter writer(file, log);
    for (int i = 1; i <= 100; ++i) writer.add(entry(i));
  }
  const auto kept = kept_in(file);
  REQUIRE(kept.size() == 100);
  REQUIRE(kept.front() == entry(1));
  REQUIRE(kept.back() == entry(100));
}

TEST_CASE(
    "a disk that stands still holds up nobody: what is too much is dropped and counted, and the history says so") {
  TempFolder folder;
  TestLog log;
  const auto file = HistoryFile::path_of(folder.path(), "n");
  std::uint64_t lost = 0;
  {
    HistoryWriter writer(file, log, {}, 10);
    writer.add(entry(0));
    REQUIRE(lab::wait_until(patience, [&] { return writer.counts().written == 1; }));
    {
      const Blocked blocked(file);
      for (int i = 1; i <= 50; ++i) writer.add(entry(i));  // at most one batch under way, and ten that wait
      REQUIRE(writer.counts().lost >= 30);
    }
    REQUIRE(lab::wait_until(patience, [&] { return writer.counts().written + writer.counts().lost == 51; }));
    lost = writer.counts().lost;
    writer.add(entry(99));
  }
  const auto kept = kept_in(file);
  REQUIRE(kept.size() < 30);
  std::uint64_t said = 0;  // some of it while more was being lost
  for (const auto& e : kept)
    if (e.at("what") == "history_lost") said += e.at("entries").get<std::uint64_t>();
  REQUIRE(said == lost);
}

TEST_CASE("a history that cannot be written is one warning, and is counted") {
  TempFolder folder;
  TestLog log;
  const auto file = HistoryFile::path_of(folder.path(), "n");
  std::ofstream(file) << std::string(5000, 'x');
  HistoryWriter writer(file, log);
  writer.add(entry(1));
  REQUIRE(lab::wait_until(patience, [&] { return writer.counts().lost == 1; }));
  writer.add(entry(2));
  REQUIRE(lab::wait_until(patience, [&] { return writer.counts().lost == 2; }));
  REQUIRE(log.lines().size() == 1);
  REQUIRE(log.contains("history_not_kept reason=history " + file.string() + " cannot be used: "));
}

TEST_CASE("a process that begins finds only as much as may be kept") {
  TempFolder folder;
  TestLog log;
  const auto file = HistoryFile::path_of(folder.path(), "n");
  HistoryFile(file, HistoryFile::Access::write).append({{1, "{}"}, {2, "{}"}, {3, "{}"}});
  { HistoryWriter(file, log, {.entries = 2}).add(entry(4)); }
  REQUIRE(kept_in(file).size() == 2);
}

TEST_CASE("an entry that is too long loses its lists, and words of nodes that are no UTF-8 are made so") {
  TempFolder folder;
  TestLog log;
  const auto file = HistoryFile::path_of(folder.path(), "n");
  json big = {{"what", "\xff"}, {"at_ms", 1}, {"evidence", json::array()}};
  for (int i = 0; i < 10'000; ++i) big["evidence"].push_back("word");
  { HistoryWriter(file, log).add(big); }
  const auto kept = kept_in(file);
  REQUIRE(kept.size() == 1);
  REQUIRE(kept[0].at("what") == "\xEF\xBF\xBD");
  REQUIRE_FALSE(kept[0].contains("evidence"));
  REQUIRE(kept[0].at("left_out_bytes") > HistoryWriter::longest_line);
}
