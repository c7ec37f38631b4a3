#include <algorithm>

#include "lab/redis_cluster.hpp"
#include "lab/wait.hpp"

namespace dbha::lab {
namespace {

using namespace std::chrono_literals;

/// A failover that works takes a few ms; one whose packet got lost would otherwise only end after 5 s
/// (CLUSTER_MF_TIMEOUT).
constexpr auto kAskAgain = 1s;

std::vector<std::string> command_for(RedisCluster::FailoverMode mode) {
  std::vector<std::string> command = {"CLUSTER", "FAILOVER"};
  if (mode == RedisCluster::FailoverMode::force) command.emplace_back("FORCE");
  if (mode == RedisCluster::FailoverMode::takeover) command.emplace_back("TAKEOVER");
  return command;
}

}  // namespace

// A replica of Redis 7.0 keeps the votes of its last election (redis/redis#8752). Asked again within 2 x node timeout
// (at least 2 s) it counts them once more, "wins" at its OLD epoch without asking anybody, says master for some 0.1 s,
// and is demoted by its primary; asked within twice that time it does nothing. So a promotion counts only with a higher
// config epoch, and a node that won an election is left alone until the next one is a real one. Elections that
// failover() did not cause are not known here: after one of those the false promotion may be seen, and is then waited
// out.
void RedisCluster::failover(std::size_t replica, FailoverMode mode, Duration timeout) {
  if (role(replica) != "slave") fail(replica, "cannot be promoted, it is no replica");
  const Clock::duration remembered = std::max<Clock::duration>(4 * options_.node_timeout, 4s);
  auto& elected = members_[replica].elected;
  auto ask_at = elected ? *elected + remembered : Clock::now();
  const auto epoch = [&] { return myself(at(replica).cluster_nodes()).config_epoch; };
  const auto primary_epoch = epoch();  // Redis shows for a replica the epoch of its primary
  Reply reply;
  const auto promoted = [&] {
    const auto now = Clock::now();
    if (role(replica) == "master") {
      if (epoch() > primary_epoch) return true;
      ask_at = now + remembered;
    } else if (now >= ask_at) {
      reply = at(replica).admin().command(command_for(mode));
      if (!reply.is_error())
        ask_at = now + kAskAgain;  // refused (link to the primary not up yet): asked at the next turn
    }
    return false;
  };
  if (!wait_until(timeout, promoted))
    fail(replica, "CLUSTER FAILOVER did not make it a primary; last reply: " + reply.text);
  if (mode != FailoverMode::takeover) elected = Clock::now();  // a takeover is no election
}

}  // namespace dbha::lab
