#pragma once
/// What a line of input asks for.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <dbha/types.hpp>

namespace dbha::shell {

using Words = std::vector<std::string>;

/// An empty line.
struct Nothing {};

/// A command of the database, to be sent that many times: "3 INCR counter".
struct Command {
  Words words;
  std::uint64_t times = 1;
};

/// A line of the shell's own.
struct Async {};
struct Sync {};
struct ShowTopology {};
struct ShowEvents {};
struct ShowHelp {};
struct Quit {};
struct ToAll {
  Words words;
};
struct Sleep {
  Duration length;
};

/// No command can be made of it: what is printed instead of a reply, as redis-cli has it.
struct Malformed {
  std::string text;
};
/// A line with '!' that is none of the shell's: said on standard error.
struct Unknown {
  std::string text;
};

using ShellLine = std::variant<Nothing, Command, Async, Sync, ShowTopology, ShowEvents, ShowHelp, Quit, ToAll, Sleep,
                               Malformed, Unknown>;

ShellLine read_line(std::string_view line);

/// The shell's own lines with what they do, one a line.
std::string help_text();

}  // namespace dbha::shell
