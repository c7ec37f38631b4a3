#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lab/memory_cluster.hpp"
#include "lab/redis_cluster.hpp"

namespace dbha::demo {

/// What controllers have asked the database about its topology, or tried to: it should be nothing, ever.
class TopologyQuestions {
 public:
  virtual ~TopologyQuestions() = default;
  /// Before a node is killed: it forgets what it has noted.
  virtual void keep(std::size_t /*node*/) {}
  /// Of these controllers.
  virtual long long count(const std::vector<std::string>& controllers) = 0;
};

/// What the controllers' user was refused, as `ACL LOG` of the nodes has it.
class RefusedCommands final : public TopologyQuestions {
 public:
  explicit RefusedCommands(lab::RedisCluster& cluster) : cluster_(cluster) {}
  void keep(std::size_t node) override;
  long long count(const std::vector<std::string>& controllers) override;

 private:
  lab::RedisCluster& cluster_;
  long long kept_ = 0;
};

/// What the memory database has counted by the names of those who asked.
class CountedQuestions final : public TopologyQuestions {
 public:
  explicit CountedQuestions(const lab::MemoryCluster& cluster) : cluster_(cluster) {}
  long long count(const std::vector<std::string>& controllers) override;

 private:
  const lab::MemoryCluster& cluster_;
};

}  // namespace dbha::demo
