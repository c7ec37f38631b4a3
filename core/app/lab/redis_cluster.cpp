#include "lab/redis_cluster.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "lab/wait.hpp"

namespace dbha::lab {
namespace {

using namespace std::chrono_literals;

constexpr auto kIntroductionTimeout = 10s;

std::vector<std::string> common_lines(const RedisCluster::Options& options) {
  std::vector<std::string> lines = {
      "daemonize no",
      "loglevel notice",
      "save \"\"",
      "appendonly no",
      "enable-debug-command local",
      "repl-diskless-sync yes",
      "repl-diskless-sync-delay 0",  // else a replica waits 5 s for others to come
      "repl-ping-replica-period 1",
  };
  if (options.cluster_enabled) {
    lines.push_back("cluster-node-timeout " + std::to_string(options.node_timeout.count()));
    lines.emplace_back("cluster-require-full-coverage no");
    lines.emplace_back("cluster-allow-replica-migration no");  // the lab decides who follows whom
  }
  if (!options.password.empty()) {
    lines.push_back("requirepass " + options.password);
    lines.push_back("masterauth " + options.password);
  }
  return lines;
}

}  // namespace

RedisCluster::RedisCluster(Options options) : options_(std::move(options)) {
  if (options_.primaries == 0) throw std::invalid_argument("a cluster has at least one primary");
  if (!options_.cluster_enabled && options_.replicas_per_primary != 0)
    throw std::invalid_argument("without cluster mode there are no replicas: set replicas_per_primary to 0");
  if (options_.tls) make_certificates();
  const std::size_t count = options_.primaries * (1 + options_.replicas_per_primary);
  while (members_.size() < count) make_node();
  start_all();
  if (options_.cluster_enabled) form_cluster();
}

void RedisCluster::make_certificates() {
  authority_.emplace(folder_.path());
  node_certificate_ = authority_->issue({.name = "node"});
  client_certificate_ = authority_->issue({.name = "client", .addresses = {}, .hosts = {}});
}

std::vector<std::string> RedisCluster::conf_lines() const {
  auto lines = common_lines(options_);
  if (options_.tls) {
    lines.push_back("tls-ca-cert-file " + authority_->file().string());
    lines.push_back("tls-cert-file " + node_certificate_.certificate.string());
    lines.push_back("tls-key-file " + node_certificate_.key.string());
  }
  lines.insert(lines.end(), options_.conf_lines.begin(), options_.conf_lines.end());
  return lines;
}

std::size_t RedisCluster::make_node() {
  const std::size_t index = members_.size();
  RedisNode::Setup setup{.server = options_.server,
                         .folder = folder_.path() / ("node-" + std::to_string(index)),
                         .conf_lines = conf_lines(),
                         .cluster_enabled = options_.cluster_enabled,
                         .password = options_.password,
                         .tls = options_.tls};
  if (options_.place) setup.place = options_.place(index);
  if (options_.announced_port)
    setup.announced_port = [this, index](std::uint16_t port) { return options_.announced_port(index, port); };
  members_.push_back({std::make_unique<RedisNode>(std::move(setup)), ""});
  return index;
}

void RedisCluster::start_all() {
  for (auto& member : members_) member.server->launch();
  for (std::size_t i = 0; i < members_.size(); ++i) start_finished(i);
}

void RedisCluster::start_finished(std::size_t index) {
  at(index).wait_until_answering();
  if (options_.cluster_enabled) members_[index].id = at(index).admin().demand({"CLUSTER", "MYID"}).text;
}

// How a cluster is formed fastest. A primary waits 2 s after its start before it says cluster_state:ok
// (CLUSTER_WRITABLE_DELAY), so all else should happen meanwhile. Epochs have to be set while a node knows nobody.
// Handshakes go out from a timer at 10 Hz and gossip would spread the rest in some more turns, so every pair is
// introduced at once.
void RedisCluster::form_cluster() {
  give_slots();
  for (std::size_t i = 0; i < members_.size(); ++i)
    at(i).admin().demand({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  for (std::size_t i = 0; i < members_.size(); ++i)
    for (std::size_t j = i + 1; j < members_.size(); ++j) meet(i, j);
  for (std::size_t i = options_.primaries; i < members_.size(); ++i) follow(i, i % options_.primaries);
  wait_ready();
}

void RedisCluster::give_slots() {
  const auto shares = static_cast<int>(options_.primaries);
  const int covered = kSlots - options_.uncovered_slots;
  for (int i = 0; i < shares; ++i) {
    const int first = i * kSlots / shares;
    const int end = std::min((i + 1) * kSlots / shares, covered);
    const std::vector<std::string> command = {"CLUSTER", "ADDSLOTSRANGE", std::to_string(first),
                                              std::to_string(end - 1)};
    if (first < end) at(static_cast<std::size_t>(i)).admin().demand(command);
  }
}

void RedisCluster::meet(std::size_t inviter, std::size_t invited) {
  const RedisNode& node = at(invited);
  at(inviter).admin().demand(
      {"CLUSTER", "MEET", node.host(), std::to_string(node.port()), std::to_string(node.bus_port())});
}

void RedisCluster::follow(std::size_t replica, std::size_t primary) {
  Reply reply;  // refused with "Unknown node" until their handshake is over
  const auto accepted = [&] {
    reply = at(replica).admin().command({"CLUSTER", "REPLICATE", members_[primary].id});
    return !reply.is_error();
  };
  if (!wait_until(kIntroductionTimeout, accepted)) fail(replica, "CLUSTER REPLICATE was refused: " + reply.text);
}

std::string RedisCluster::description() const {
  return "a Redis Cluster: " + std::to_string(options_.primaries) + " primaries with " +
         std::to_string(options_.replicas_per_primary) + " replicas each, cluster-node-timeout " +
         std::to_string(options_.node_timeout.count());
}

std::vector<std::string> RedisCluster::ways_to_look() const {
  std::vector<std::string> out;
  for (const auto& one : nodes())
    if (one.running()) out.push_back("redis-cli -p " + std::to_string(at(one.index).admin_port()) + " cluster nodes");
  out.push_back("ls " + folder().string());
  return out;
}

std::vector<std::string> RedisCluster::backend_table() const {
  std::string seeds;
  for (const auto& one : nodes()) seeds += (seeds.empty() ? "\"" : ", \"") + one.address() + '"';
  std::vector<std::string> lines = {"plugin = \"redis\"", "seeds = [" + seeds + "]"};
  if (options_.tls) {
    lines.insert(lines.end(), {"tls = true", "tls_ca_file = \"" + authority_->file().string() + '"',
                               "tls_cert_file = \"" + client_certificate_.certificate.string() + '"',
                               "tls_key_file = \"" + client_certificate_.key.string() + '"'});
  }
  return lines;
}

std::vector<Cluster::NodeInfo> RedisCluster::nodes() const {
  std::vector<NodeInfo> all;
  for (std::size_t i = 0; i < members_.size(); ++i) all.push_back(node(i));
  return all;
}

Cluster::NodeInfo RedisCluster::node(std::size_t index) const {
  const RedisNode& one = at(index);
  return {index, one.host(), one.port(), members_[index].id, one.pid(), one.state()};
}

std::vector<std::size_t> RedisCluster::running() const {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (at(i).is_running()) indices.push_back(i);
  return indices;
}

std::vector<RedisCluster::Claim> RedisCluster::own_claims() {
  std::vector<Claim> claims;
  for (const std::size_t index : running()) claims.push_back({index, myself(at(index).cluster_nodes())});
  return claims;
}

std::size_t RedisCluster::primary_of(int slot) {
  std::optional<Claim> best;
  for (auto& claim : own_claims())
    if (claim.self.owns(slot) && (!best || claim.self.config_epoch > best->self.config_epoch)) best = std::move(claim);
  if (!best) throw std::runtime_error("no running node claims slot " + std::to_string(slot));
  return best->index;
}

std::vector<std::size_t> RedisCluster::primaries() {
  std::vector<std::size_t> indices;
  for (const auto& claim : own_claims())
    if (!claim.self.slots.empty()) indices.push_back(claim.index);
  return indices;
}

std::vector<std::size_t> RedisCluster::replicas_of(std::size_t primary) {
  std::vector<std::size_t> indices;
  for (const auto& claim : own_claims())
    if (claim.self.primary_id == members_.at(primary).id) indices.push_back(claim.index);
  return indices;
}

std::vector<SlotRange> RedisCluster::slots_of(std::size_t primary) {
  return myself(at(primary).cluster_nodes()).slots;
}

std::string RedisCluster::value_at(std::size_t index, const std::string& key) {
  return at(index).admin().demand({"GET", key}).text;
}

std::vector<std::uint64_t> RedisCluster::versions_at(std::size_t index, const std::vector<std::string>& keys) {
  RedisClient node = client(index);
  node.demand({"READONLY"});  // or a replica would name its primary instead
  std::vector<std::uint64_t> out;
  for (const auto& key : keys) {
    const Reply version = node.demand({"HGET", key, "v"});
    out.push_back(version.kind == Reply::Kind::nil ? 0 : std::stoull(version.text));
  }
  return out;
}

std::function<SaidRole()> RedisCluster::role_question(std::size_t index) const {
  constexpr RedisClient::Timeouts timeouts{std::chrono::milliseconds(200), std::chrono::milliseconds(200)};
  return [client = std::make_shared<RedisClient>(this->client(index, timeouts))] {
    try {
      const Reply reply = client->command({"ROLE"});
      if (reply.elements.empty()) return SaidRole::unknown;  // LOADING, NOAUTH
      return reply.elements.front().text == "master" ? SaidRole::primary : SaidRole::replica;
    } catch (const std::runtime_error&) {
      return SaidRole::unknown;  // dead or stopped for now: asked again, on a new connection
    }
  };
}

std::string RedisCluster::role(std::size_t index) {
  const Reply reply = at(index).admin().demand({"ROLE"});
  return reply.elements.empty() ? std::string() : reply.elements.front().text;
}

std::string RedisCluster::run_id(std::size_t index) {
  return at(index).info("server")["run_id"];
}

long long RedisCluster::acl_log_count(const std::string& user, std::size_t index) {
  long long count = 0;
  for (const Reply& entry : at(index).admin().demand({"ACL", "LOG", "1000"}).elements) {
    long long entry_count = 0;
    bool about_user = false;
    for (std::size_t i = 0; i + 1 < entry.elements.size(); i += 2) {
      if (entry.elements[i].text == "count") entry_count = entry.elements[i + 1].integer;
      if (entry.elements[i].text == "username") about_user = entry.elements[i + 1].text == user;
    }
    if (about_user) count += entry_count;
  }
  return count;
}

long long RedisCluster::acl_log_count(const std::string& user) {
  long long count = 0;
  for (const std::size_t index : running()) count += acl_log_count(user, index);
  return count;
}

void RedisCluster::kill(std::size_t index) {
  at(index).kill();
}

void RedisCluster::start(std::size_t index) {
  at(index).launch();
  at(index).wait_until_answering();
  members_[index].elected.reset();  // a new process remembers no election
}

void RedisCluster::stop(std::size_t index) {
  at(index).stop();
}

void RedisCluster::resume(std::size_t index) {
  at(index).resume();
}

/// Stopped, it does not come back; and its connection ends, or it would find in its socket what came meanwhile.
void RedisCluster::cut_off(std::size_t replica) {
  const auto all = primaries();
  const auto primary = std::find_if(all.begin(), all.end(), [&](std::size_t p) {
    const auto replicas = replicas_of(p);
    return std::find(replicas.begin(), replicas.end(), replica) != replicas.end();
  });
  if (primary == all.end()) throw std::runtime_error("node " + std::to_string(replica) + " is no replica");
  stop(replica);
  client(*primary).demand({"CLIENT", "KILL", "TYPE", "replica"});
}

void RedisCluster::rejoin(std::size_t replica) {
  resume(replica);
}

void RedisCluster::restart_in_place_empty(std::size_t index) {
  const auto begin = std::chrono::steady_clock::now();
  kill(index);
  start(index);
  const auto away = std::chrono::steady_clock::now() - begin;
  if (away >= options_.node_timeout)
    fail(index, "was away for " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(away).count()) +
                    " ms, longer than the node timeout: the others may have replaced it");
}

void RedisCluster::fail(std::size_t index, const std::string& what) const {
  throw std::runtime_error("node " + std::to_string(index) + " (" + node(index).address() + "): " + what +
                           "; its log ends:\n" + at(index).log_tail());
}

}  // namespace dbha::lab
