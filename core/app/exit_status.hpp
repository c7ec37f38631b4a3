#pragma once

namespace dbha::app {

/// What every subcommand of dbha exits with.
enum ExitStatus : int {
  done = 0,
  not_well = 1,       ///< the thing asked about is not well
  wrong_usage = 2,    ///< the command line or the configuration is wrong
  not_reached = 3,    ///< nobody answered
  not_compared = 4,   ///< not all could be compared, so that nobody knows whether it differs
  interrupted = 130,  ///< ended by Ctrl-C
};

}  // namespace dbha::app
