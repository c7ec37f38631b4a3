#include "testbed.hpp"

#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

lab::RedisCluster::Options options_of(const Testbed::Shape& shape, std::deque<Gate>& gates) {
  lab::RedisCluster::Options options;
  options.replicas_per_primary = shape.replicas;
  options.node_timeout = shape.node_timeout;
  options = with_users(std::move(options));
  if (shape.durable) options.conf_lines.insert(options.conf_lines.end(), {"appendonly yes", "appendfsync no"});
  if (shape.gates)
    options.announced_port = [&gates](std::size_t, std::uint16_t port) { return gates.emplace_back(port).port(); };
  return options;
}

/// The end of a log that may be long.
std::string end_of(const std::string& text) {
  constexpr std::size_t most = 6000;
  return text.size() <= most ? text : "..." + text.substr(text.size() - most);
}

}  // namespace

Testbed::Testbed(const Shape& shape)
    : cluster_(options_of(shape, gates_)),
      site_(cluster_),
      detector_(Controller::open(site_.write(northbound_file()))) {
  busy_ = std::make_unique<RecordedController>(site_.write(southbound_file("busy")));
  idle_ = std::make_unique<RecordedController>(site_.write(southbound_file("idle")));
  wait_whole();
}

int Testbed::first_slot(std::size_t shard) {
  return static_cast<int>(shard) * lab::kSlots / 3;
}

std::string Testbed::new_key(std::size_t shard) {
  return lab::key_in(first_slot(shard), last_slot(shard), next_key_++);
}

TimePoint Testbed::wait_for(const std::string& what, const std::function<bool(const Topology&)>& condition) {
  const auto holds = [&](RecordedController& app) {
    const auto topology = app->topology();
    return topology && condition(*topology);
  };
  const bool came = lab::wait_until(patience, [&] { return holds(*busy_) && holds(*idle_); });
  const auto seen = std::chrono::steady_clock::now();
  INFO("waited for: " << what << '\n' << (came ? "" : logs()));
  REQUIRE(came);
  return seen;
}

TimePoint Testbed::wait_for_owner(int slot, std::size_t node) {
  const auto owns = [slot, id = id(node)](const Topology& topology) {
    const Node* owner = topology.owner({static_cast<std::uint32_t>(slot)});
    return owner && owner->id.value == id;
  };
  return wait_for("node " + std::to_string(node) + " to own slot " + std::to_string(slot), owns);
}

void Testbed::wait_whole() {
  try {
    cluster_.wait_ready();
  } catch (const std::runtime_error& error) {
    FAIL(error.what() << views());
  }
  for (std::size_t shard = 0; shard < 3; ++shard) {
    wait_for_owner(first_slot(shard), primary(shard));
    wait_for_owner(last_slot(shard), cluster_.primary_of(last_slot(shard)));
  }
}

std::string Testbed::views() const {
  std::string out;
  for (const auto& node : cluster_.nodes())
    if (node.running())
      out += "\nnode " + std::to_string(node.index) + " says\n" +
             cluster_.client(node.index).command({"CLUSTER", "NODES"}).text;
  return out;
}

std::string Testbed::logs() const {
  std::string out;
  for (const char* name : {"nb", "busy", "idle"})
    out += std::string("\nthe log of ") + name + ":\n" + end_of(contents(site_.log_of(name)));
  return out;
}

}  // namespace dbha::test
