#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lab/cluster.hpp"
#include "lab/cluster_nodes.hpp"
#include "lab/place.hpp"
#include "lab/ports.hpp"
#include "lab/process.hpp"
#include "lab/redis_client.hpp"

namespace dbha::lab {

/// One redis-server: its ports and folder stay the same over all the lives of its process.
class RedisNode {
 public:
  using State = NodeState;

  struct Setup {
    std::string server;                   ///< program, found along PATH
    std::filesystem::path folder;         ///< made if missing
    std::vector<std::string> conf_lines;  ///< of redis.conf, without ports
    bool cluster_enabled = true;
    std::string password;  ///< of the default user
    bool tls = false;      ///< of all but the lab's own questions, which use a plain port beside
    /// From its own port to the one that it tells other nodes and clients; empty: its own.
    std::function<std::uint16_t(std::uint16_t)> announced_port{};
    Place place{};
  };

  /// Writes redis.conf; starts nothing.
  explicit RedisNode(Setup setup);

  const std::string& host() const { return setup_.place.host; }
  /// Where clients and the other nodes connect.
  std::uint16_t port() const { return port_.number(); }
  /// Where the lab connects: the same, or the plain port beside it.
  std::uint16_t admin_port() const { return plain_port_ ? plain_port_->number() : port(); }
  std::uint16_t bus_port() const { return bus_port_.number(); }
  pid_t pid() const { return process_ ? process_->pid() : -1; }

  /// running: a process is there and was not stopped by stop(); one that died of itself is down.
  State state() const;
  bool is_running() const { return state() == State::running; }

  /// Starts the process, empty of data; returns before it answers. Throws std::logic_error unless it is down.
  void launch();

  /// Returns when it answers PING. Throws std::runtime_error with the end of its log if it ends, or does not answer
  /// within 10 s.
  void wait_until_answering();

  void kill();
  void stop();
  void resume();

  /// A new connection as the default user.
  RedisClient client(RedisClient::Timeouts timeouts = RedisClient::kDefaultTimeouts) const;

  // Questions on a connection kept here; each throws std::runtime_error when the node does not answer.
  RedisClient& admin() { return admin_; }
  std::vector<ClusterNode> cluster_nodes();
  std::map<std::string, std::string> info(const std::string& section);

  /// The last lines of its log, for error messages.
  std::string log_tail(std::size_t lines = 15) const;

 private:
  std::string address() const { return host() + ':' + std::to_string(port()); }

  Setup setup_;
  PortLease port_ = PortLease::take();
  PortLease bus_port_ = PortLease::take();
  std::optional<PortLease> plain_port_;
  RedisClient admin_;
  mutable std::optional<ChildProcess> process_;  // mutable: asking whether it runs reaps it
  bool stopped_ = false;
};

}  // namespace dbha::lab
