#include "log/spdlog_log.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <dbha/error.hpp>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
namespace fs = std::filesystem;

namespace {

class TempFile {
 public:
  fs::path path() const { return folder_.path() / "dbha.log"; }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    std::ifstream in(path());
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

 private:
  test::TempFolder folder_;
};

std::string digits_as_zero(std::string text) {
  for (char& c : text)
    if (c >= '0' && c <= '9') c = '0';
  return text;
}

}  // namespace

TEST_CASE("a line in the file is the time in UTC and the event, at once") {
  const TempFile file;
  SpdlogLog log(LogLevel::info, file.path());
  log.info("failover", {{"primary", "node 3"}});
  REQUIRE(file.lines().size() == 1);
  const std::string line = file.lines()[0];
  CHECK(digits_as_zero(line.substr(0, 24)) == "0000-00-00T00:00:00.000Z");
  CHECK(line.substr(24) == " info  failover primary=\"node 3\"");
}

TEST_CASE("what is below the level is not written") {
  const TempFile file;
  SpdlogLog log(LogLevel::warning, file.path());
  CHECK_FALSE(log.enabled(LogLevel::info));
  CHECK(log.enabled(LogLevel::warning));
  log.info("quiet");
  log.warning("loud");
  REQUIRE(file.lines().size() == 1);
  CHECK(file.lines()[0].ends_with("warning loud"));
}

TEST_CASE("a percent sign or a brace in a value is written as it is") {
  const TempFile file;
  SpdlogLog log(LogLevel::info, file.path());
  log.info("e", {{"k", "{}%v{0}"}});
  CHECK(file.lines().at(0).ends_with("info  e k={}%v{0}"));
}

TEST_CASE("an existing file is appended to") {
  const TempFile file;
  SpdlogLog(LogLevel::info, file.path()).info("first");
  SpdlogLog(LogLevel::info, file.path()).info("second");
  CHECK(file.lines().size() == 2);
}

TEST_CASE("lines of several threads are not mixed") {
  const TempFile file;
  SpdlogLog log(LogLevel::info, file.path());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 250; ++n) log.info("event", {{"k", std::string(100, 'x')}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string end = "Z info  event k=" + std::string(100, 'x');
  std::size_t whole = 0;
  for (const std::string& line : file.lines()) whole += line.size() == 23 + end.size() && line.ends_with(end) ? 1U : 0U;
  CHECK(whole == 1000);
}

TEST_CASE("a file that cannot be opened is refused with its name") {
  try {
    SpdlogLog log(LogLevel::info, "/dev/null/dbha.log");
    FAIL("accepted");
  } catch (const StartError& error) {
    const std::string expected = "/dev/null/dbha.log: expected a log file that can be appended to, found: ";
    CHECK(std::string(error.what()).substr(0, expected.size()) == expected);
  }
}

TEST_CASE("a full disk does not end the process") {
  SpdlogLog log(LogLevel::info, "/dev/full");
  CHECK_NOTHROW(log.info("event"));
}
