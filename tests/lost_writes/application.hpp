#pragma once
/// The noting application, as a process that can be killed and started again, and what it has noted over all its lives.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "integration/site.hpp"
#include "lab/place.hpp"
#include "lab/process.hpp"
#include "verdict.hpp"

namespace dbha::test {

/// The lines of a mirror for the table of the noting application. `resync`: false, it hears no dbrestart.
std::string mirror_lines(bool resync = true, const std::string& more = {});

/// For one thread, which outlives it (see lab::ChildProcess).
class Application {
 public:
  /// `file`: its configuration, written here. Starts nothing.
  Application(const Site& site, const ProcessFile& file, int entries, lab::Place place = {});

  void start();
  void kill();
  bool running() { return process_ && process_->running(); }
  pid_t pid() const { return process_->pid(); }

  /// Bytes of notes: they grow as it writes.
  std::uintmax_t noted() const;
  std::vector<Note> notes() const;
  /// Ends its writing, and waits until the database has taken all. Fails the test if that does not come.
  void rest();
  /// Ends it, and returns what its store held.
  Contents end();
  std::string log() const { return contents(log_); }

 private:
  std::string name_;
  std::filesystem::path config_;
  std::filesystem::path notes_;
  std::filesystem::path log_;
  int entries_;
  lab::Place place_;
  std::size_t logged_before_ = 0;  ///< the last start: so much of the log was there
  std::optional<lab::ChildProcess> process_;
};

}  // namespace dbha::test
