#include "shell/wakeups.hpp"

#include <algorithm>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <dbha/error.hpp>

namespace dbha::shell {
namespace {

int milliseconds_until(std::optional<TimePoint> until) {
  if (!until) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 3'600'000));
}

}  // namespace

Wakeups::Wakeups() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, number);
  pthread_sigmask(SIG_BLOCK, &ends, &mask_before_);
  signal(SIGPIPE, SIG_IGN);  // a reader that went away shows where it is written to
  signals_ = lab::FileDescriptor(signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  news_ = lab::FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (signals_.get() < 0 || news_.get() < 0) throw StartError("no file descriptor is left");
}

Wakeups::~Wakeups() {
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Wakeups::news() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(news_.get(), &one, sizeof one);  // full: it is awake already
}

Wakeups::Woken Wakeups::wait(bool with_input, std::optional<TimePoint> until) {
  pollfd watched[] = {{signals_.get(), POLLIN, 0}, {news_.get(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  if (poll(watched, with_input ? 3 : 2, milliseconds_until(until)) < 0) return {};
  Woken woken;
  if (watched[0].revents != 0) take_signals(woken);
  std::uint64_t count = 0;
  if (watched[1].revents != 0) [[maybe_unused]]
    const auto got = read(news_.get(), &count, sizeof count);
  woken.input = with_input && watched[2].revents != 0;
  return woken;
}

void Wakeups::take_signals(Woken& woken) {
  signalfd_siginfo signal{};
  while (read(signals_.get(), &signal, sizeof signal) == sizeof signal)
    (signal.ssi_signo == SIGINT ? woken.interrupt : woken.end) = true;
}

}  // namespace dbha::shell
