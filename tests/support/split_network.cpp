#include "support/split_network.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "lab/process.hpp"

namespace dbha::test {
namespace {

lab::FileDescriptor network_of_this_thread() {
  return lab::FileDescriptor(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

void enter_new_network() {
  if (unshare(CLONE_NEWNET) != 0)
    throw std::system_error(errno, std::generic_category(), "no network namespace can be made, are you root?");
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

}  // namespace

std::unique_ptr<SplitNetwork> SplitNetwork::make(std::string& why_not) {
  const auto before = network_of_this_thread();
  try {
    return std::unique_ptr<SplitNetwork>(new SplitNetwork());
  } catch (const std::runtime_error& e) {
    why_not = e.what();
    if (setns(before.get(), CLONE_NEWNET) != 0 && errno != EPERM) std::abort();
    return nullptr;
  }
}

SplitNetwork::SplitNetwork() : before_(network_of_this_thread()) {
  enter_new_network();
  left_ = network_of_this_thread();
  enter_new_network();
  right_ = network_of_this_thread();
  enter_new_network();
  ip("link set lo up");
  ip("link add middle type bridge");
  ip("addr add 10.99.0.254/24 dev middle");
  ip("link set middle up");
  add_side("left", left());
  add_side("right", right());
}

SplitNetwork::~SplitNetwork() {
  if (setns(before_.get(), CLONE_NEWNET) != 0) std::abort();  // all that follows would run in the wrong network
}

void SplitNetwork::add_side(const std::string& name, const lab::Place& place) const {
  const auto side = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(place.network);
  ip("link add " + name + " type veth peer name out netns " + side);
  ip("link set " + name + " master middle up");
  const lab::Inside inside(place);
  ip("link set lo up");
  ip("addr add " + place.host + "/24 dev out");
  ip("link set out up");
}

/// Isolated ports of a bridge reach the bridge itself, and not each other.
void SplitNetwork::isolate(bool cut) const {
  for (const char* side : {"left", "right"})
    ip(std::string("link set dev ") + side + " type bridge_slave isolated " + (cut ? "on" : "off"));
}

void SplitNetwork::ip(const std::string& arguments) const {
  auto argv = words_of("ip " + arguments);
  const auto log = folder_.path() / "ip.log";
  const auto status = lab::ChildProcess::spawn(argv, log).wait_exit(std::chrono::seconds(10));
  if (status == lab::ExitStatus{}) return;
  std::ifstream said(log);
  throw std::runtime_error("ip " + arguments + ": " + std::string(std::istreambuf_iterator<char>(said), {}));
}

}  // namespace dbha::test
