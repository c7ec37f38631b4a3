#pragma once
/// What the processes' own histories say of one fault. Pure: the answers of `dbha status --json` in, values out.
///
/// Histories bear the machine's monotonic clock, so what several processes did can be compared in one line of time.

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dbha/types.hpp>

#include "lab/slots.hpp"

namespace dbha::demo {

/// The answers of all processes, the detector's first.
using Statuses = std::vector<nlohmann::json>;

/// What must follow a fault.
struct Expectation {
  std::string change;                ///< the kind that the detector must publish: "failover"
  std::string node;                  ///< the id of the node concerned; of a failover the new primary's
  std::optional<std::string> cause;  ///< of the one dbrestart that each controller is due; nothing: none is
  lab::SlotRange slots;              ///< of that dbrestart
};

struct Restart {
  std::string controller;
  std::string cause;
  std::vector<lab::SlotRange> partitions;
  TimePoint at;
};

struct Publication {
  std::string version;
  std::string changes;
  TimePoint at;
};

struct Application {
  std::string controller;
  std::optional<TimePoint> at;  ///< when it had applied what was published, or something later
};

struct Observation {
  std::optional<Publication> published;
  std::vector<Application> applied;  ///< one for each controller
  std::vector<Restart> restarts;     ///< in the order of the controllers

  std::optional<TimePoint> published_at() const;
  /// When the last controller had applied it; nothing while one has not.
  std::optional<TimePoint> applied_last() const;
};

Observation observe(const Statuses& statuses, const Expectation& expected, TimePoint since);

/// What has not happened yet, in words; empty when nothing is due any more.
std::vector<std::string> still_due(const Observation& seen, const Expectation& expected);

/// The dbrestarts that nobody was due, in words.
std::vector<std::string> not_due(const Observation& seen, const Expectation& expected);

/// The controllers that have not had their first event, `start` for all partitions, or have something to complain of.
std::vector<std::string> not_ready(const Statuses& statuses);

/// The controllers that do not hold what the detector has published last.
std::vector<std::string> not_current(const Statuses& statuses);

/// The handlers of that name have done all that they were told of.
bool nothing_pending(const Statuses& statuses, const std::string& handler);

/// When something was last published, applied or told, anywhere.
TimePoint last_event(const Statuses& statuses);

/// "0-5460,16383"
std::string text_of(const std::vector<lab::SlotRange>& ranges);

}  // namespace dbha::demo
