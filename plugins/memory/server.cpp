#include "memory/server.hpp"

#include <stdexcept>
#include <tuple>
#include <utility>

namespace dbha::memory {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<Server>> servers;
};

Registry& registry() {
  static Registry the_only_one;
  return the_only_one;
}

auto all(const ClusterSettings& s) {
  return std::tie(s.partitions, s.shards, s.replicas, s.node_timeout, s.latency, s.replication_lag, s.seed);
}

}  // namespace

std::shared_ptr<Server> Server::open(const std::string& name, const ClusterSettings& settings) {
  const std::lock_guard lock(registry().mutex);
  auto& known = registry().servers[name];
  auto server = known.lock();
  if (!server) known = server = std::make_shared<Server>(settings);
  if (all(server->settings()) != all(settings))
    throw std::invalid_argument("database '" + name +
                                "' stands already with other settings: give it the same ones, or another name");
  return server;
}

Server::Server(const ClusterSettings& settings) : settings_(settings), cluster_(clock_, settings) {
  for (std::size_t i = 0; i < cluster_.size(); ++i) seeds_.push_back(cluster_.endpoint(i));
  thread_ = std::thread([this] { run(); });
}

Server::~Server() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Server::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void Server::run() {
  Room room{cluster_, asked_};
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const auto next = clock_.next();
    const auto has_news = [&] { return ending_ || !posted_.empty(); };
    if (next) {
      wake_.wait_until(lock, *next, has_news);
    } else {
      wake_.wait(lock, has_news);
    }
    const auto tasks = std::exchange(posted_, {});
    lock.unlock();
    clock_.run_until(std::chrono::steady_clock::now());
    for (const Task& task : tasks) task(room);
    lock.lock();
  }
}

}  // namespace dbha::memory
