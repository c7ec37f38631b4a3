#include "run.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <dbha/error.hpp>

#include "child.hpp"
#include "last_lines.hpp"

namespace dbha::exec {
namespace {

TimePoint now() {
  return std::chrono::steady_clock::now();
}

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Pipe open_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw Error(std::string("pipe2: ") + std::strerror(errno));
  Pipe out{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  fcntl(out.read.get(), F_SETFL, O_NONBLOCK);  // ours alone: the program's end is another file
  return out;
}

/// A program that runs. Reaped at the end, whatever happens, so that its number is nobody else's while it is used.
class Running {
 public:
  Running(const Order& order, std::string_view input) : pipe_(open_pipe()) {
    pid_ = start(order.command, readable(input), pipe_.write);
    pipe_.write.reset();
    exit_ = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  }
  ~Running() {
    if (pid_ > 0) end();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// To the whole group.
  void signal(int number) const { kill(-pid_, number); }

  /// Reads what it says until it has ended; false if it has not by then, or before that is wanted.
  bool wait_until(TimePoint deadline, const Stop* stop = nullptr) {
    while (!ended()) {
      if (stop && stop->wanted()) return false;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
      if (left <= 0) return false;
      // Without a descriptor for its end (none left) the end is looked for each 20 ms.
      std::array<pollfd, 3> on{{{open_ ? pipe_.read.get() : -1, POLLIN, 0},
                                {exit_.get(), POLLIN, 0},
                                {stop ? stop->descriptor() : -1, POLLIN, 0}}};
      const auto longest = exit_.get() < 0 ? 20 : 60'000;
      poll(on.data(), on.size(), static_cast<int>(std::min<std::int64_t>(left, longest)));
      read_errors();
    }
    return true;
  }

  Ended reap() {
    read_errors();
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0)
      throw Error(std::string("its end could not be learnt: ") + std::strerror(errno));
    pid_ = -1;
    return {
        .in_time = true, .by_signal = info.si_code != CLD_EXITED, .value = info.si_status, .errors = errors_.text()};
  }

 private:
  /// It stays a zombie, and its group's number in use, until it is reaped.
  bool ended() const {
    siginfo_t info{};
    const int rc = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return rc != 0 || info.si_pid != 0;
  }

  /// What is there: whoever else still holds the other end may keep it for ever.
  void read_errors() {
    std::array<char, 4096> bytes;
    for (int turns = 0; turns < 64 && open_; ++turns) {
      const ssize_t got = read(pipe_.read.get(), bytes.data(), bytes.size());
      if (got < 0) return;
      if (got == 0) open_ = false;
      errors_.add({bytes.data(), static_cast<std::size_t>(got)});
    }
  }

  void end() {
    signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  Pipe pipe_;
  bool open_ = true;
  pid_t pid_ = -1;
  FileDescriptor exit_;
  LastLines errors_;
};

std::string seconds_text(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

}  // namespace

Stop::Stop() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_.get() < 0) throw Error(std::string("eventfd: ") + std::strerror(errno));
}

void Stop::now() {
  eventfd_write(event_.get(), 1);
}

bool Stop::wanted() const {
  pollfd on{event_.get(), POLLIN, 0};
  return poll(&on, 1, 0) > 0;
}

Ended run(const Order& order, std::string_view input, const Stop& stop) {
  Running program(order, input);
  if (program.wait_until(now() + order.timeout, &stop)) return program.reap();
  program.signal(SIGTERM);
  program.wait_until(now() + order.kill_after);
  program.signal(SIGKILL);  // also what a program that did as it was told has left behind
  program.wait_until(TimePoint::max());
  Ended out = program.reap();
  out.stopped = stop.wanted();
  out.in_time = out.stopped;
  return out;
}

std::string text_of(const Ended& ended, const Order& order) {
  std::string out = ended.stopped     ? "ended, because dbha ends"
                    : !ended.in_time  ? "took longer than " + seconds_text(order.timeout) + ", and was ended"
                    : ended.by_signal ? "ended by signal " + std::to_string(ended.value)
                                      : "exit status " + std::to_string(ended.value);
  if (!ended.errors.empty()) out.append(": ").append(ended.errors);
  return out;
}

}  // namespace dbha::exec
