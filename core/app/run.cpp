#include <csignal>

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <dbha/error.hpp>

#include "commands.hpp"
#include "exit_status.hpp"
#include "runtime/process.hpp"

namespace dbha::app {
namespace {

/// Each controller costs the detector a descriptor: the usual limit of 1024 is too low for a fleet.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // refused: the limit stays, and a bind or accept says so when it is reached
}

/// SIGTERM and SIGINT as a readable descriptor. Blocked before any thread starts, so that every thread inherits it.
class EndSignals {
 public:
  EndSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd_ < 0) throw StartError("signalfd: no descriptor left");
  }
  ~EndSignals() { close(fd_); }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

int run(const std::filesystem::path& config) {
  raise_descriptor_limit();
  const EndSignals signals;
  Process process(load_config(config));
  const Watch watch(process.loop(), signals.fd(), {.readable = true}, Priority::database,
                    [&](Readiness) { process.stop(); });
  process.run();
  return done;
}

}  // namespace dbha::app
