#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <dbha/types.hpp>

namespace dbha::exec {

/// What is run, and how long it may take.
struct Order {
  std::vector<std::string> command;
  Duration timeout;     ///< then its process group gets SIGTERM
  Duration kill_after;  ///< and after this SIGKILL
};

/// How a program has ended.
struct Ended {
  bool in_time = true;
  bool by_signal = false;
  int value = 0;       ///< exit status, or the signal
  std::string errors;  ///< the last lines of its standard error

  bool well() const { return in_time && !by_signal && value == 0; }
};

/// "exit status 1: no such host", "ended by signal 9", "took longer than 30s".
std::string text_of(const Ended& ended, const Order& order);

/// Runs the command with that standard input to its end, and blocks so long. What it leaves behind when it ends in time
/// goes on; after a timeout its whole process group is killed. Throws Error if it cannot be started.
Ended run(const Order& order, std::string_view input);

}  // namespace dbha::exec
