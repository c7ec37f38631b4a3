#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <dbha/types.hpp>

#include "file_descriptor.hpp"

namespace dbha::exec {

/// What is run, and how long it may take.
struct Order {
  std::vector<std::string> command;
  Duration timeout;     ///< then its process group gets SIGTERM
  Duration kill_after;  ///< and after this SIGKILL
};

/// By which another thread ends what is run, from then on at once. Any thread.
class Stop {
 public:
  /// Throws Error where no descriptor is left.
  Stop();
  void now();
  bool wanted() const;
  int descriptor() const { return event_.get(); }  ///< readable once it is wanted

 private:
  FileDescriptor event_;
};

/// How a program has ended.
struct Ended {
  bool in_time = true;
  bool stopped = false;  ///< because that was wanted
  bool by_signal = false;
  int value = 0;       ///< exit status, or the signal
  std::string errors;  ///< the last lines of its standard error

  bool well() const { return in_time && !stopped && !by_signal && value == 0; }
};

/// "exit status 1: no such host", "ended by signal 9", "took longer than 30s, and was ended".
std::string text_of(const Ended& ended, const Order& order);

/// Runs the command with that standard input to its end, and blocks so long. What it leaves behind when it ends in time
/// goes on; after a timeout, or a stop, its whole process group is killed. Throws Error if it cannot be started.
Ended run(const Order& order, std::string_view input, const Stop& stop);

}  // namespace dbha::exec
