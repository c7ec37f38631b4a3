#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include <dbha/controller.hpp>

#include "shell/channels.hpp"
#include "shell/event_log.hpp"
#include "shell/input.hpp"
#include "shell/replies.hpp"
#include "shell/reply_text.hpp"
#include "shell/shell_line.hpp"
#include "shell/transaction.hpp"
#include "shell/wakeups.hpp"

namespace dbha::shell {

struct SessionSettings {
  std::string place;         ///< of the database, for the prompt
  bool interactive = false;  ///< a prompt; Ctrl-C ends what is under way rather than the shell
  Form form = Form::raw;     ///< of replies
  std::optional<Duration> deadline;
  std::size_t most_calls = 1;  ///< outstanding
  std::size_t most_bytes = 1;
};

/// Reads lines from standard input, carries them out, and prints to standard output. One thread; the controller has its
/// own.
class Session {
 public:
  /// There is a topology. `replies` were made to bring news to `wakeups`, and all three outlive the session.
  Session(Controller& controller, Replies& replies, Wakeups& wakeups, SessionSettings settings);

  /// Until the input ends. Returns the exit status.
  int run();

 private:
  std::optional<std::string> next_line();
  std::string prompt() const;

  void carry_out(const Nothing&) {}
  void carry_out(const Command& command);
  void carry_out(const ToAll& command);
  void carry_out(const Async&) { async_ = true; }
  void carry_out(const Sync&);
  void carry_out(const Sleep& sleep);
  void carry_out(const ShowTopology&);
  void carry_out(const ShowEvents&);
  void carry_out(const ShowHelp&) { print(help_text()); }
  void carry_out(const Quit&) { quit_ = true; }
  void carry_out(const Malformed& line);
  void carry_out(const Unknown& line);

  void take(const Words& words);
  void take_other(Words words);
  void send(Call call);
  bool full(std::size_t bytes) const;
  void reply(Value value);
  void settle();
  void drain();

  Wakeups::Woken wait(bool with_input, std::optional<TimePoint> until = std::nullopt);
  void cancel();
  void end(int status);
  void print(const std::string& text);
  bool print_messages();
  void flush();

  Controller& controller_;
  Replies& replies_;
  Wakeups& wakeups_;
  SessionSettings settings_;
  Input input_;
  Transaction transaction_;
  Channels channels_;
  EventLog events_;
  std::stop_source stop_;  ///< of the calls since the last Ctrl-C
  bool async_ = false;
  bool cancelled_ = false;  ///< this line was
  bool quit_ = false;
  std::optional<int> ended_;  ///< before the input's end
};

}  // namespace dbha::shell
