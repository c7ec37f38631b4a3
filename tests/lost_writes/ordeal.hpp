#pragma once
/// What befalls a cluster and the applications that write to it: each kind of fault once, in the order of a seed, with
/// the applications killed and started again at any point.

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "application.hpp"
#include "lab/redis_cluster.hpp"
#include "support/split_network.hpp"

namespace dbha::test {

class Ordeal {
 public:
  enum class Fault { kill, kill_ahead_of_replica, stop, cut, restart_empty, graceful, force, takeover };

  /// `network`: nullptr, it is not cut. Node 0 is on its left side then, all others on its right.
  Ordeal(lab::RedisCluster& cluster, SplitNetwork* network, std::vector<Application*> applications, unsigned seed);

  /// Afterwards the cluster is whole, and all applications run.
  void play();
  void play(Fault fault);
  /// Starts the applications that are dead.
  void raise_all();
  /// What has happened, for messages.
  const std::string& story() const { return story_; }

 private:
  struct Shard {
    std::size_t primary;
    std::size_t replica;
  };
  Shard any_shard();
  Shard shard_of(int slot);
  bool chance(unsigned of) { return random_() % of == 0; }
  void meanwhile();
  void writes_go_on();
  void wait_for_primary(std::size_t node);
  void tell(const std::string& what) { story_ += (story_.empty() ? "" : ", ") + what; }

  void kill(const Shard& shard);
  void kill_ahead_of_replica(const Shard& shard);
  void stop(const Shard& shard);
  void cut();

  lab::RedisCluster& cluster_;
  SplitNetwork* network_;
  std::vector<Application*> applications_;
  std::mt19937 random_;
  std::string story_;
};

}  // namespace dbha::test
