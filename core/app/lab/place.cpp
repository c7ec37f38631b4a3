#include "lab/place.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace dbha::lab {

Inside::Inside(const Place& place) {
  if (place.network < 0) return;
  before_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (before_ >= 0 && setns(place.network, CLONE_NEWNET) == 0) return;
  const int error = errno;
  if (before_ >= 0) close(before_);
  throw std::system_error(error, std::generic_category(), "cannot enter the network of " + place.host);
}

Inside::~Inside() {
  if (before_ < 0) return;
  if (setns(before_, CLONE_NEWNET) != 0) std::abort();  // all that follows would run in the wrong network
  close(before_);
}

}  // namespace dbha::lab
