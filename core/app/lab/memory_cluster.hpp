#pragma once
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "lab/cluster.hpp"

namespace dbha::lab {

/// A database of the `memory` plugin, which lives in this process and behaves as a Redis Cluster does. Roles that are
/// to use it run in this process, too. It lasts as long as this object or any of them.
class MemoryCluster final : public Cluster {
 public:
  struct Options {
    std::size_t primaries = 3;
    std::size_t replicas_per_primary = 1;
    std::chrono::milliseconds node_timeout{1000};
  };

  /// Loads the plugin from where `dbha run` would find it. Throws PluginError if that cannot be.
  explicit MemoryCluster(Options options);
  MemoryCluster() : MemoryCluster(Options{}) {}
  ~MemoryCluster() override;

  std::string description() const override;
  std::vector<std::string> ways_to_look() const override { return {}; }
  std::vector<std::string> backend_table() const override;
  bool in_process() const override { return true; }

  std::vector<NodeInfo> nodes() const override;
  NodeInfo node(std::size_t index) const override;
  std::size_t primary_of(int slot) override;
  std::vector<std::size_t> primaries() override;
  std::vector<std::size_t> replicas_of(std::size_t primary) override;
  std::vector<SlotRange> slots_of(std::size_t primary) override;
  std::string run_id(std::size_t index) override;
  std::string value_at(std::size_t index, const std::string& key) override;
  std::vector<std::uint64_t> versions_at(std::size_t index, const std::vector<std::string>& keys) override;
  std::function<SaidRole()> role_question(std::size_t index) const override;
  /// How many questions about the topology the process of that name has asked.
  long long topology_questions_of(const std::string& process) const;

  void kill(std::size_t index) override;
  void start(std::size_t index) override;
  void stop(std::size_t index) override;
  void resume(std::size_t index) override;
  void cut_off(std::size_t replica) override;
  void rejoin(std::size_t replica) override;
  void restart_in_place_empty(std::size_t index) override;
  void failover(std::size_t replica, FailoverMode mode = FailoverMode::graceful,
                Duration timeout = std::chrono::seconds(30)) override;
  void wait_ready(Duration timeout = std::chrono::seconds(20)) override;
  void migrate_slots(int first, int last, std::size_t from, std::size_t to) override;
  std::size_t add_node() override;
  void replicate(std::size_t index, std::size_t primary) override;
  void remove_node(std::size_t index) override;

 private:
  class Operator;

  nlohmann::json say(std::size_t index) const;
  void wait_for(const std::string& what, Duration timeout, const std::function<bool()>& condition) const;

  Options options_;
  std::string name_;  ///< of the database
  std::shared_ptr<Operator> operator_;
};

}  // namespace dbha::lab
