#pragma once
/// A database of this process: the model on a thread of its own, in real time.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "memory/timer_queue.hpp"
#include "model/cluster.hpp"

namespace dbha::memory {

class Server {
 public:
  /// What a task may use: only on the server's thread.
  struct Room {
    Cluster& cluster;
    std::map<std::string, std::uint64_t>& asked;  ///< questions about the topology, by the process that asked
  };
  using Task = std::function<void(Room&)>;

  /// The database of that name: it is made by the first who opens it and ends with the last who holds it.
  /// std::invalid_argument if it was made with other settings.
  static std::shared_ptr<Server> open(const std::string& name, const ClusterSettings& settings);

  explicit Server(const ClusterSettings& settings);
  /// Not on the server's own thread. What was posted and not run is dropped.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Any thread. Tasks run in the order of the posts.
  void post(Task task);
  const ClusterSettings& settings() const { return settings_; }
  /// Of the nodes that it was made with.
  const std::vector<Endpoint>& seeds() const { return seeds_; }

 private:
  void run();

  const ClusterSettings settings_;
  TimerQueue clock_;
  Cluster cluster_;  // after clock_, which it uses
  std::map<std::string, std::uint64_t> asked_;
  std::vector<Endpoint> seeds_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> posted_;  // guarded by mutex_
  bool ending_ = false;       // guarded by mutex_
  std::thread thread_;        // last: it uses all the others
};

}  // namespace dbha::memory
