#pragma once
/// `dbha demo`: a database, by default a real Redis Cluster, and a fleet on loopback, broken on purpose, and what
/// everybody noticed of it.

#include <string>
#include <vector>

namespace dbha {

struct DemoOptions {
  std::string backend = "redis";    ///< or memory: a database in this process, and all roles with it
  bool json = false;                ///< one object on standard output, progress on standard error
  bool keep = false;                ///< everything runs on after the faults, until Ctrl-C
  std::vector<std::string> faults;  ///< those of demo/plan.hpp, in any order; empty: all
  unsigned controllers = 3;         ///< SB processes; NB's controller and the writer's come on top
  unsigned rate = 200;              ///< writes a second
  bool resync = true;  ///< false: the writer's mirror does nothing after a dbrestart: what is lost stays lost
};

/// Call on the main thread, before the process has any other: signals are blocked, and children are started that must
/// not outlive the thread which started them. Whatever it started is gone when it returns, whatever happens.
///
/// Returns the exit status: 0 all that had to happen did; 1 something did not, and it was said what; 2 the faults
/// cannot be caused in that order; 3 the demo could not be started; 130 ended by Ctrl-C.
int run_demo(const DemoOptions& options);

}  // namespace dbha
