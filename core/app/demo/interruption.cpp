#include "demo/interruption.hpp"

#include "lab/wait.hpp"

namespace dbha::demo {
namespace {

constexpr timespec look_at_the_end_again{0, 100'000'000};

}  // namespace

Interruption::Interruption() {
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, number);
  pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_);
  // A reader of our output that went away (`| head`) must not leave folders behind either.
  signal(SIGPIPE, SIG_IGN);
  thread_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
}

Interruption::~Interruption() {
  thread_.request_stop();
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Interruption::listen(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (sigtimedwait(&signals_, nullptr, &look_at_the_end_again) < 0) continue;  // nothing came
    lab::interrupt_waits();
    happened_ = true;
    happened_.notify_all();
  }
}

}  // namespace dbha::demo
