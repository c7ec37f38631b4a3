#pragma once
/// The program `dbha`, as an operator runs it.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dbha/controller.hpp>

#include "lab/process.hpp"
#include "site.hpp"

namespace dbha::test {

/// A program that has ended of itself.
struct Finished {
  int exit_code;
  std::string output;  ///< standard output and error
  bool says(const std::string& text) const { return output.find(text) != std::string::npos; }
};

/// Runs a program to its end. Fails the test if it is ended by a signal, or still runs after `patience`.
Finished run_program(const Site& site, const std::vector<std::string>& argv);
/// The same of `dbha ARGS...`.
Finished run_dbha(const Site& site, std::vector<std::string> args);

/// A running `dbha run`, killed with this object; on a site whose database lives in this process, the same roles on a
/// thread of this process. Its admin endpoint is asked anew at each call.
class DbhaProcess {
 public:
  /// Starts it from the file of that name, which Site::write() has written; does not wait for anything.
  DbhaProcess(const Site& site, const std::string& name);

  /// What the admin endpoint answers; null while nobody answers there.
  nlohmann::json status() const { return ask("status"); }
  nlohmann::json topology() const { return ask("topology"); }
  /// The first line of what `dbha status` says is wrong; "" if all is well, "no answer" while nobody answers.
  std::string problem() const;
  /// Waits for problem() to contain the text, or to be "" if that is the text. Fails the test if it does not,
  /// or if the process ends.
  void wait_for_problem(const std::string& text);

  std::string log() const { return contents(log_); }
  /// SIGTERM must end it soon and with status 0, whatever state it is in.
  void must_end_when_asked();
  /// On a thread there is no sudden end: it is as if it had been asked to.
  void kill();
  /// SIGSTOP and SIGCONT: only where it is a process of its own.
  void stop() { child_.value().stop(); }
  void resume() { child_.value().resume(); }

 private:
  nlohmann::json ask(const std::string& request) const;
  bool running();

  std::filesystem::path log_;
  std::string admin_;
  std::optional<lab::ChildProcess> child_;
  std::unique_ptr<Controller> roles_;
};

}  // namespace dbha::test
