#pragma once
/// The subcommands: each in the file of its name. They print what a person or, with `json`, a program reads, and return
/// the exit status. ConfigError, PluginError and StartError are left to main, which prints them and exits with 2.

#include <cstdint>
#include <filesystem>
#include <string>

namespace dbha::app {

/// Starts a process from its configuration and serves until SIGTERM or SIGINT.
int run(const std::filesystem::path& config);

/// Validates a configuration, loads its plugins, and says what the process would be.
int check(const std::filesystem::path& config, bool json);

/// How the process behind an admin endpoint is.
struct Question {
  std::string connect;           ///< an endpoint; empty: that of `config`
  std::filesystem::path config;  ///< empty: `connect` is given
  bool json = false;
};
int status(const Question& question);
int topology(const Question& question);

/// Publishes what a majority of the primaries names now, whatever stands against it (R5 by hand).
struct ResetQuestion {
  Question process;
  bool yes = false;  ///< do not ask back
};
int reset(const ResetQuestion& question);

/// Tells handlers dbrestart by hand.
struct ResyncQuestion {
  Question process;
  std::string partitions;  ///< A-B[,C-D...]; empty: all
  std::string handler;     ///< empty: all that hear dbrestart
  bool wait = false;       ///< until they are done
};
int resync(const ResyncQuestion& question);

/// Compares what the handlers of a process keep with the database, and changes nothing. Ctrl-C ends it in the process
/// too (130).
struct VerifyQuestion {
  Question process;
  std::string partitions;    ///< A-B[,C-D...]; empty: all
  std::string handler;       ///< empty: all that keep something
  std::string table;         ///< empty: all
  std::uint32_t limit = 20;  ///< entries that are named, of each kind
};
int verify(const VerifyQuestion& question);

/// What a process does, line by line as it happens, until Ctrl-C (130) or SIGTERM (0). When the process goes away it is
/// waited for, or with `no_wait` the exit status is 3.
struct WatchQuestion {
  Question process;
  bool beats = false;
  bool no_wait = false;
};
int watch(const WatchQuestion& question);

/// What a process has seen, decided and told, from the file that it keeps, whether or not it runs.
struct HistoryQuestion {
  std::filesystem::path config;
  std::string since;         ///< how long ago, or a time; empty: as far as it goes back
  std::int64_t limit = 100;  ///< the newest ones; 0: all
  bool json = false;
};
int history(const HistoryQuestion& question);

}  // namespace dbha::app
