#pragma once
/// What the demo has seen, and the two ways to tell it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "demo/observation.hpp"
#include "demo/plan.hpp"
#include "demo/screen.hpp"

namespace dbha::demo {

/// What became of writes that a primary had acknowledged, and that its replica never got.
struct Loss {
  std::size_t acknowledged = 0;
  std::size_t lost = 0;                  ///< that the new primary did not have when it was promoted
  std::optional<std::size_t> missing{};  ///< that it did not have after the resync
};

struct FaultReport {
  Fault fault;
  lab::SlotRange slots;
  std::string done;  ///< in words: what was done to whom
  TimePoint at;      ///< when
  std::optional<TimePoint> promoted;
  std::string promoted_node;
  std::optional<TimePoint> woken;  ///< a node that was stopped
  std::string woken_node;
  Observation seen;
  std::optional<Loss> loss;  ///< of a fault that loses writes
  std::uint64_t calls = 0;
  std::uint64_t call_errors = 0;
  std::vector<std::string> problems;  ///< what had to happen and did not, or happened and had not to
};

struct DemoReport {
  std::vector<FaultReport> faults;
  std::size_t controllers = 0;
  std::string database;               ///< its name, for people
  long long topology_commands = 0;    ///< of controllers
  std::vector<std::string> problems;  ///< of no fault in particular

  /// Of the faults and of the whole; empty: all is well.
  std::vector<std::string> all_problems() const;
  bool ok() const { return all_problems().empty(); }
};

/// As docs and scripts know it: times in ms since the fault, null where nothing of the kind is due.
nlohmann::json to_json(const DemoReport& report);

/// A timeline and a table, to standard output.
void print_tables(const DemoReport& report, const Screen& screen);
/// That all is well, or one line for each problem.
void print_verdict(const DemoReport& report, const Screen& screen);

}  // namespace dbha::demo
