#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbha/controller.hpp>

#include "demo/configuration.hpp"
#include "demo/observation.hpp"
#include "lab/process.hpp"

namespace dbha::demo {

/// The processes of dbha, started as a user starts them, `dbha run -c FILE` with this very program, and asked as a user
/// asks them, by their admin endpoints. Where the database lives in this process, so do they, each on a thread of its
/// own. Main thread.
class Fleet {
 public:
  Fleet(Place place, bool in_process) : place_(std::move(place)), in_process_(in_process) {}

  /// NB alone, then the SBs: each is ready when it is well and has had its first dbrestart. Throws std::runtime_error
  /// with what was missing.
  void start_nb();
  void start_sbs(unsigned count);

  /// A controller that is no process of its own but answers like one. Throws as start_nb() does.
  void add_embedded(Configured process);

  /// How many controllers there are, NB's included.
  std::size_t controllers() const { return members_.size(); }
  /// The names of those that are not beside the detector.
  std::vector<std::string> southbound() const;

  /// The answers of all, NB's first. Throws std::runtime_error when one does not answer.
  Statuses statuses() const;

  /// Asks until `done(statuses)`, or until the timeout; returns whether it was done. Throws std::runtime_error at once
  /// when a process has ended, and at the timeout when one does not answer.
  bool ask_until(std::chrono::nanoseconds timeout, const std::function<bool(const Statuses&)>& done);

  /// SIGTERM to all; returns what was not in order: who had ended before, or did not end well.
  std::vector<std::string> end();

  const Configured& nb() const { return members_.front().configured; }
  const Configured& sb() const { return members_.at(1).configured; }

 private:
  struct Member {
    Configured configured;
    std::optional<lab::ChildProcess> process;  // none: a thread,
    std::unique_ptr<Controller> roles;         // ours, or without these somebody else's
  };
  void start(Configured configured);
  void wait_ready();
  void throw_if_ended();

  Place place_;
  bool in_process_;
  std::vector<Member> members_;  // NB first
};

}  // namespace dbha::demo
