#include "lab/redis_node.hpp"

#include <deque>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "lab/wait.hpp"

namespace dbha::lab {
namespace {

constexpr std::chrono::seconds kStartTimeout{10};

}  // namespace

RedisNode::RedisNode(Setup setup)
    : setup_(std::move(setup)),
      plain_port_(setup_.tls ? std::optional(PortLease::take()) : std::nullopt),
      admin_(setup_.place.host, admin_port(), Login{"", setup_.password}) {
  std::filesystem::create_directories(setup_.folder);
  std::ofstream conf(setup_.folder / "redis.conf");
  conf << "bind " << host() << "\nport " << admin_port() << "\n";
  if (setup_.place.network >= 0) conf << "protected-mode no\n";  // others than loopback ask, without a password
  if (setup_.tls) conf << "tls-port " << port() << "\ntls-replication yes\ntls-cluster yes\n";
  if (setup_.cluster_enabled) conf << "cluster-enabled yes\ncluster-port " << bus_port() << "\n";
  if (setup_.announced_port) {
    const auto announced =
        setup_.announced_port(port());  // to clients and other nodes, and by a replica to its primary
    conf << "cluster-announce-port " << announced << "\nreplica-announce-port " << announced << "\n";
  }
  for (const auto& line : setup_.conf_lines) conf << line << "\n";
  if (!conf.flush()) throw std::runtime_error("cannot write redis.conf in " + setup_.folder.string());
}

RedisNode::State RedisNode::state() const {
  if (!process_ || !process_->running()) return State::down;
  return stopped_ ? State::stopped : State::running;
}

void RedisNode::launch() {
  if (state() != State::down) throw std::logic_error("launch: " + address() + " already runs");
  // A replica keeps what it loaded in a full synchronisation as dump.rdb, and any start would load that.
  std::filesystem::remove(setup_.folder / "dump.rdb");
  stopped_ = false;
  const Inside inside(setup_.place);
  process_ = ChildProcess::spawn({setup_.server, "redis.conf"}, setup_.folder / "log", setup_.folder);
}

void RedisNode::wait_until_answering() {
  if (wait_until(kStartTimeout, [&] { return !is_running() || admin_.answers(); }) && is_running()) return;
  const auto ended = process_ ? process_->exit_status() : std::nullopt;
  throw std::runtime_error("redis-server " + address() +
                           (ended ? " ended with " + to_string(*ended) : " does not answer PING") +
                           "; its log ends:\n" + log_tail());
}

void RedisNode::kill() {
  if (process_) process_->kill_now();
  stopped_ = false;
}

void RedisNode::stop() {
  if (!process_) throw std::logic_error("stop: " + address() + " was never started");
  process_->stop();
  stopped_ = true;
}

void RedisNode::resume() {
  if (!process_) throw std::logic_error("resume: " + address() + " was never started");
  process_->resume();
  stopped_ = false;
}

RedisClient RedisNode::client(RedisClient::Timeouts timeouts) const {
  return {host(), admin_port(), Login{"", setup_.password}, timeouts};
}

std::vector<ClusterNode> RedisNode::cluster_nodes() {
  auto view = parse_cluster_nodes(admin_.demand({"CLUSTER", "NODES"}).text);
  for (auto& node : view)
    if (setup_.tls && node.has("myself")) node.port = port();  // asked on its plain port, it names that
  return view;
}

std::map<std::string, std::string> RedisNode::info(const std::string& section) {
  return parse_info(admin_.demand({"INFO", section}).text);
}

std::string RedisNode::log_tail(std::size_t lines) const {
  std::ifstream log(setup_.folder / "log");
  std::deque<std::string> last;
  for (std::string line; std::getline(log, line);) {
    last.push_back(line);
    if (last.size() > lines) last.pop_front();
  }
  std::string text;
  for (const auto& line : last) text += line + "\n";
  return text;
}

}  // namespace dbha::lab
