#pragma once
/// A program at whose standard input somebody types, or a file is read.

#include <filesystem>
#include <string>
#include <vector>

#include "lab/file_descriptor.hpp"
#include "lab/process.hpp"
#include "lab/temp_dir.hpp"

namespace dbha::test {

/// The program is killed with this object. Its temporary folders are made where check_nothing_left() finds them.
class Dialogue {
 public:
  explicit Dialogue(const std::vector<std::string>& argv);

  /// Types a line.
  void say(const std::string& line) { type(line + '\n'); }
  void type(const std::string& text);
  /// The end of the input.
  void hang_up() { input_.reset(); }

  std::string output() const;
  std::string errors() const;
  /// Waits until it stands in the output, at or behind `from`. Fails the test if it does not come.
  void wait_for(const std::string& text, std::size_t from = 0) const;
  bool running() { return child_.running(); }
  void interrupt(int signal) { child_.signal(signal); }
  /// Waits for the end. Fails the test if that does not come, or came by a signal.
  int exit_code();
  void check_nothing_left() const;

 private:
  std::filesystem::path path(const std::string& file) const { return folder_.path() / file; }
  std::vector<std::string> shell_command(const std::vector<std::string>& argv) const;

  lab::TempDir folder_{"dbha"};
  lab::FileDescriptor input_;
  lab::ChildProcess child_;
};

struct Said {
  int exit_code;
  std::string output;
  std::string errors;
};
/// Runs a program on that input to its end.
Said said_to(const std::vector<std::string>& argv, const std::string& input);

}  // namespace dbha::test
