#include "crowd.hpp"

#include <sys/resource.h>

namespace dbha::test {
namespace {

/// ZeroMQ has room for a thousand sockets in one context, and a member needs two while it says hello.
constexpr std::size_t in_one_context = 250;
/// How much of what came is served at once.
constexpr int turns = 20;

/// A thousand members need some five thousand descriptors; a login shell has 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // refused: a member that finds none left says so
}

}  // namespace

Crowd::Crowd(const Site& site, std::size_t size) {
  raise_descriptor_limit();
  for (std::size_t i = 0; i < size; ++i) {
    if (i % in_one_context == 0) contexts_.emplace_back();
    Member& member = members_.emplace_back();
    member.name = "member-" + std::to_string(i);
    member.bus = bus::open_subscriber(
        contexts_.back(), loop_, log_, member,
        {.cluster = "site", .controller = member.name, .detectors = {{site.publish(), site.control()}}});
    member.bus->request_snapshot(0);
  }
}

/// It holds whatever the detector has published, and says so as often as it can.
void Crowd::Member::on_beat(Beat beat) {
  bus->send_ack({name, beat.stamp.detector, beat.stamp.start, beat.version});
}

void Crowd::complain(const std::vector<NodeId>& about) {
  for (auto& member : members_) {
    const auto kind = complaints_ % 2 == 0 ? HintKind::redirected : HintKind::silent;
    member.bus->send_hint({kind, about[complaints_++ % about.size()], {}, std::nullopt});
  }
}

void Crowd::turn() {
  for (int i = 0; i < turns; ++i) loop_.turn(Duration(0));
}

}  // namespace dbha::test
