// What a line of input is taken for.

#include <unistd.h>

#include "shell/input.hpp"
#include "shell/shell_line.hpp"
#include "shell/split_line.hpp"
#include "support/catch.hpp"

using namespace dbha::shell;

namespace {

template <class Line>
Line as(const ShellLine& line) {
  REQUIRE(std::holds_alternative<Line>(line));
  return std::get<Line>(line);
}

/// Lines of what is written to a pipe, piece by piece.
std::vector<std::string> lines_of(const std::vector<std::string>& pieces) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::vector<std::string> out;
  Input input(ends[0]);
  const auto take_all = [&] {
    while (auto line = input.take()) out.push_back(*line);
  };
  for (const auto& piece : pieces) {
    REQUIRE(write(ends[1], piece.data(), piece.size()) == static_cast<ssize_t>(piece.size()));
    input.read();
    take_all();
  }
  close(ends[1]);
  CHECK_FALSE(input.ended());
  input.read();
  CHECK(input.ended());
  take_all();
  close(ends[0]);
  return out;
}

}  // namespace

TEST_CASE("a line is split as redis-cli splits it") {
  const std::vector<std::pair<std::string, Words>> splits{
      {"", {}},
      {" \t ", {}},
      {"GET k", {"GET", "k"}},
      {"  GET\t k \r", {"GET", "k"}},
      {R"(SET k "a b")", {"SET", "k", "a b"}},
      {R"("\n\r\t\b\a")", {"\n\r\t\b\a"}},
      {R"("\x41\xfF\x0a")", {"A\xff\n"}},
      {R"("\x4" "\xg1" "\q")", {"x4", "xg1", "q"}},
      {R"("\"" "\\")", {"\"", "\\"}},
      {R"('a\n' 'it\'s' '"')", {"a\\n", "it's", "\""}},
      {R"("")", {""}},
      {R"(k"v w")", {"kv w"}},
      {R"(back\slash)", {"back\\slash"}},
      {std::string("\"a\\x00b\""), {std::string("a\0b", 3)}},
      {"\xc3\xa4 \xff", {"\xc3\xa4", "\xff"}},
  };
  for (const auto& [line, words] : splits) {
    INFO(line);
    const auto got = split_line(line);
    REQUIRE(got);
    CHECK(*got == words);
  }
}

TEST_CASE("quotes that do not fit are refused") {
  for (const char* line : {R"("a)", R"('a)", R"("a"b)", R"('a'b)", R"("a""b")", R"("a\")", R"('a\')", R"(k")"}) {
    INFO(line);
    CHECK_FALSE(split_line(line));
  }
}

TEST_CASE("a command may bear a number of times, the shell's own lines begin with '!'") {
  CHECK(as<Command>(read_line("GET k")).words == Words{"GET", "k"});
  CHECK(as<Command>(read_line("GET k")).times == 1);
  CHECK(as<Command>(read_line("3 GET k")).words == Words{"GET", "k"});
  CHECK(as<Command>(read_line("3 GET k")).times == 3);
  CHECK(as<Command>(read_line("3")).words == Words{"3"});
  CHECK(as<Command>(read_line("3x k")).words == Words{"3x", "k"});
  CHECK(as<Malformed>(read_line("0 GET k")).text == "Invalid redis-cli repeat command option value.");
  CHECK(as<Malformed>(read_line("-3 GET k")).text == "Invalid redis-cli repeat command option value.");
  CHECK(as<Malformed>(read_line("GET \"k")).text == "Invalid argument(s)");
  as<Nothing>(read_line(""));
  as<Nothing>(read_line("  "));

  as<Async>(read_line(" !async"));
  as<Sync>(read_line("!sync"));
  as<ShowTopology>(read_line("!topology"));
  as<ShowEvents>(read_line("!events"));
  as<ShowHelp>(read_line("!help"));
  for (const char* line : {"!quit", "quit", "exit", "QUIT"}) as<Quit>(read_line(line));
  CHECK(as<ToAll>(read_line("!all SET k \"a b\"")).words == Words{"SET", "k", "a b"});
  CHECK(as<Sleep>(read_line("!sleep 250")).length == std::chrono::milliseconds(250));
}

TEST_CASE("a line with '!' that is not understood says what there is") {
  CHECK(as<Unknown>(read_line("!dance now")).text ==
        "there is no !dance; there are !async, !sync, !all COMMAND, !sleep MS, !topology, !events, !help, !quit");
  CHECK(as<Unknown>(read_line("!all")).text == "expected !all COMMAND");
  for (const char* line : {"!sleep", "!sleep x", "!sleep -1", "!sleep 1 2", "!sleep 1s", "!sleep 5000000000"})
    CHECK(as<Unknown>(read_line(line)).text == "expected !sleep MS");
  CHECK(as<Unknown>(read_line("!sync now")).text == "expected !sync");
  for (const char* word : {"!async", "!sync", "!all", "!sleep", "!topology", "!events", "!help", "!quit"})
    CHECK(help_text().find(word) != std::string::npos);
}

TEST_CASE("lines come out whole, however they were cut on their way, and the last one needs no newline") {
  using Lines = std::vector<std::string>;
  CHECK(lines_of({}) == Lines{});
  CHECK(lines_of({"a\n\nb\n"}) == Lines{"a", "", "b"});
  CHECK(lines_of({"a", "b\nc", "\n", "d"}) == Lines{"ab", "c", "d"});
  const std::string block(50'000, 'x');
  CHECK(lines_of({block, block, block + "\ny"}) == Lines{block + block + block, "y"});
}
