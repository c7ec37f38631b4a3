#include "lab/memory_cluster.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include "config/option_table.hpp"
#include "lab/wait.hpp"
#include "log/spdlog_log.hpp"
#include "loop/epoll_loop.hpp"
#include "plugin_host/plugin_host.hpp"
#include "runtime/plugin_folders.hpp"

namespace dbha::lab {
namespace {

using nlohmann::json;

constexpr auto answer_within = std::chrono::seconds(5);
constexpr auto effect_within = std::chrono::seconds(20);

/// The file of a process that only gives orders: no detector is ever asked.
Config config_of(const std::vector<std::string>& backend_table) {
  std::string text = "name = \"operator\"\ncluster = \"lab\"\n[backend]\n";
  for (const auto& line : backend_table) text += line + '\n';
  text +=
      "[controller]\nhold_down = \"0s\"\ndetectors = [{ publish = \"tcp://127.0.0.1:1\", control = "
      "\"tcp://127.0.0.1:2\" }]\n";
  return parse_config(text, "memory cluster");
}

std::string unique_name() {
  static std::atomic<unsigned> made = 0;
  return "lab-" + std::to_string(++made);
}

}  // namespace

/// A client of the database on a loop of its own. The order of the members is the order of life.
class MemoryCluster::Operator final : DatabaseListener {
 public:
  explicit Operator(const std::vector<std::string>& backend_table)
      : config_(config_of(backend_table)), log_(LogLevel::error, {}), host_(plugin_folders(config_)) {
    const Plugin plugin = host_.load(config_.backend.plugin, PluginKind::backend);
    options_ = std::make_unique<OptionTable>(config_.file, config_.backend,
                                             std::span(plugin.info->options, plugin.info->option_count));
    context_ = std::make_unique<PluginContext>(PluginContext{loop_, log_, *options_, config_.name, {}});
    backend_ = plugin.create_backend(*context_);
    database_ = backend_->open_database(*this, {.call_deadline = answer_within,
                                                .apply_timeout = answer_within,
                                                .probe_timeout = answer_within,
                                                .max_redirects = 0,
                                                .queue_calls = 1000,
                                                .queue_bytes = 1'000'000,
                                                .client_name = config_.name});
    thread_ = std::thread([this] { loop_.run(); });
  }

  ~Operator() {
    loop_.post([this] {
      database_->close();
      loop_.stop();
    });
    thread_.join();
  }

  /// The answer to MEMORY ARGS... Any thread. Throws std::runtime_error with the database's error.
  Value demand(std::vector<std::string> args) {
    args.insert(args.begin(), "MEMORY");
    auto promise = std::make_shared<std::promise<Result>>();
    auto answer = promise->get_future();
    loop_.post([this, args, promise] {
      Call call;
      call.args = args;
      database_->submit(std::move(call), [promise](Result result) { promise->set_value(std::move(result)); });
    });
    Result result = answer.get();
    if (result.ok()) return std::move(result.value);
    throw std::runtime_error("MEMORY " + args.at(1) + ": " + result.value.text + result.detail);
  }

 private:
  void on_hint(Hint) override {}
  void on_subscription_interrupted(SubscriptionGap) override {}

  Config config_;
  SpdlogLog log_;
  EpollLoop loop_;
  PluginHost host_;
  std::unique_ptr<OptionTable> options_;
  std::unique_ptr<PluginContext> context_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Database> database_;
  std::thread thread_;
};

MemoryCluster::MemoryCluster(Options options)
    : options_(options), name_(unique_name()), operator_(std::make_shared<Operator>(backend_table())) {}

MemoryCluster::~MemoryCluster() = default;

std::string MemoryCluster::description() const {
  return "a database in this process: " + std::to_string(options_.primaries) + " primaries with " +
         std::to_string(options_.replicas_per_primary) + " replicas each";
}

std::vector<std::string> MemoryCluster::backend_table() const {
  return {"plugin = \"memory\"", "database = \"" + name_ + "\"", "shards = " + std::to_string(options_.primaries),
          "replicas = " + std::to_string(options_.replicas_per_primary),
          "node_timeout = \"" + std::to_string(options_.node_timeout.count()) + "ms\""};
}

json MemoryCluster::say(std::size_t index) const {
  return json::parse(operator_->demand({"NODES"}).text).at(index);
}

Cluster::NodeInfo MemoryCluster::node(std::size_t index) const {
  const json said = say(index);
  const auto state = said.at("state").get<std::string>();
  return {index,
          said.at("host").get<std::string>(),
          said.at("port").get<std::uint16_t>(),
          said.at("id").get<std::string>(),
          -1,
          state == "running"   ? NodeState::running
          : state == "stopped" ? NodeState::stopped
                               : NodeState::down};
}

std::vector<Cluster::NodeInfo> MemoryCluster::nodes() const {
  std::vector<NodeInfo> out;
  const auto count = json::parse(operator_->demand({"NODES"}).text).size();
  for (std::size_t i = 0; i < count; ++i) out.push_back(node(i));
  return out;
}

std::size_t MemoryCluster::primary_of(int slot) {
  const Value owner = operator_->demand({"OWNER", std::to_string(slot)});
  if (owner.kind == Value::Kind::nil) throw std::runtime_error("no running node claims slot " + std::to_string(slot));
  return static_cast<std::size_t>(owner.integer);
}

std::vector<std::size_t> MemoryCluster::primaries() {
  std::vector<std::size_t> out;
  for (const auto& info : nodes())
    if (info.running() && !slots_of(info.index).empty()) out.push_back(info.index);
  return out;
}

std::vector<std::size_t> MemoryCluster::replicas_of(std::size_t primary) {
  std::vector<std::size_t> out;
  for (const auto& info : nodes()) {
    const json said = say(info.index);
    if (info.running() && !said.at("primary").is_null() && said["primary"] == primary) out.push_back(info.index);
  }
  return out;
}

std::vector<SlotRange> MemoryCluster::slots_of(std::size_t primary) {
  std::vector<SlotRange> out;
  const json said = say(primary);
  for (const auto& range : said.at("owns")) out.emplace_back(range.at(0).get<int>(), range.at(1).get<int>());
  return out;
}

std::string MemoryCluster::run_id(std::size_t index) {
  return say(index).at("run_id").get<std::string>();
}

std::string MemoryCluster::value_at(std::size_t index, const std::string& key) {
  return operator_->demand({"VALUE", std::to_string(index), key}).text;
}

std::vector<std::uint64_t> MemoryCluster::versions_at(std::size_t index, const std::vector<std::string>& keys) {
  std::vector<std::uint64_t> out;
  for (const auto& key : keys) {
    const auto entry = value_at(index, key);  // "17 d up"
    out.push_back(entry.empty() ? 0 : std::stoull(entry));
  }
  return out;
}

std::function<SaidRole()> MemoryCluster::role_question(std::size_t index) const {
  return [index, op = operator_] {
    const json said = json::parse(op->demand({"NODES"}).text).at(index);
    if (said.at("state") != "running") return SaidRole::unknown;
    return said.at("role") == "primary" ? SaidRole::primary : SaidRole::replica;
  };
}

long long MemoryCluster::topology_questions_of(const std::string& process) const {
  const json asked = json::parse(operator_->demand({"ASKED"}).text);
  return asked.contains(process) ? asked.at(process).get<long long>() : 0;
}

void MemoryCluster::wait_for(const std::string& what, Duration timeout, const std::function<bool()>& condition) const {
  if (!wait_until(timeout, condition)) throw std::runtime_error(what + " did not come");
}

void MemoryCluster::kill(std::size_t index) {
  operator_->demand({"KILL", std::to_string(index)});
}
void MemoryCluster::start(std::size_t index) {
  operator_->demand({"START", std::to_string(index)});
}
void MemoryCluster::stop(std::size_t index) {
  operator_->demand({"STOP", std::to_string(index)});
}
void MemoryCluster::resume(std::size_t index) {
  operator_->demand({"RESUME", std::to_string(index)});
}

void MemoryCluster::cut_off(std::size_t replica) {
  operator_->demand({"ISOLATE", std::to_string(replica)});
}
void MemoryCluster::rejoin(std::size_t) {
  operator_->demand({"ISOLATE"});
}

void MemoryCluster::restart_in_place_empty(std::size_t index) {
  const auto before = run_id(index);
  operator_->demand({"RESTART", std::to_string(index)});
  wait_for("a new life of node " + std::to_string(index), effect_within,
           [&] { return node(index).running() && run_id(index) != before; });
}

void MemoryCluster::failover(std::size_t replica, FailoverMode mode, Duration timeout) {
  std::vector<std::string> order{"FAILOVER", std::to_string(replica)};
  if (mode == FailoverMode::force) order.emplace_back("FORCE");
  if (mode == FailoverMode::takeover) order.emplace_back("TAKEOVER");
  operator_->demand(order);
  wait_for("the promotion of node " + std::to_string(replica), timeout,
           [&] { return say(replica).at("promoted") == true; });
}

void MemoryCluster::wait_ready(Duration timeout) {
  wait_for("agreement", timeout, [this] { return operator_->demand({"AGREED"}).integer == 1; });
}

void MemoryCluster::migrate_slots(int first, int last, std::size_t from, std::size_t to) {
  operator_->demand({"MOVE", std::to_string(first), std::to_string(last), std::to_string(from), std::to_string(to)});
  wait_for("the new owner of slot " + std::to_string(last), effect_within, [&] { return primary_of(last) == to; });
}

std::size_t MemoryCluster::add_node() {
  const auto added = static_cast<std::size_t>(operator_->demand({"ADD"}).integer);
  wait_ready();
  return added;
}

void MemoryCluster::replicate(std::size_t index, std::size_t primary) {
  operator_->demand({"REPLICATE", std::to_string(index), std::to_string(primary)});
  wait_ready();
}

void MemoryCluster::remove_node(std::size_t index) {
  operator_->demand({"REMOVE", std::to_string(index)});
  wait_ready();
}

}  // namespace dbha::lab
