#include "end_request.hpp"

#include <csignal>

namespace dbha::app {
namespace {

volatile std::sig_atomic_t ended_by = 0;

void on_both(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

EndRequest::EndRequest() {
  ended_by = 0;
  on_both([](int signal) { ended_by = signal; });
}

EndRequest::~EndRequest() {
  on_both(SIG_DFL);
}

int EndRequest::signal() const {
  return ended_by;
}

}  // namespace dbha::app
