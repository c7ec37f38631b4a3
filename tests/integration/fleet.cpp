#include "fleet.hpp"

#include <algorithm>
#include <set>

#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"
#include "topology/json.hpp"

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

constexpr auto poll = 20ms;

Result run(Controller& controller, const std::string& key, std::vector<std::string> args) {
  Call call;
  call.key = key;
  call.args = std::move(args);
  call.repeatable = true;
  return controller.call(std::move(call)).get();
}

void check_key(Controller& controller, lab::Cluster& cluster, const std::string& key, const std::string& value) {
  const auto wrote = run(controller, key, {"SET", key, value});
  INFO("slot " << lab::slot_of(key) << "; SET: " << wrote.value.text << ' ' << wrote.detail);
  REQUIRE(wrote.ok());
  const auto owner = cluster.primary_of(lab::slot_of(key));
  CHECK(wrote.node.port == cluster.node(owner).port);
  const auto read = run(controller, key, {"GET", key});
  INFO("GET: " << read.detail);
  REQUIRE(read.ok());
  CHECK(read.value.text == value);
  CHECK(cluster.value_at(owner, key) == value);
}

}  // namespace

void check_routing(Controller& controller, lab::Cluster& cluster) {
  static int value = 0;
  const auto topology = controller.topology();
  REQUIRE(topology);
  for (const auto& [range, claim] : topology->claims) {
    if (claim.owner.empty()) continue;
    const auto key = lab::key_in(static_cast<int>(range.first.value), static_cast<int>(range.last.value));
    check_key(controller, cluster, key, std::to_string(++value));
  }
}

std::vector<std::string> restarts_in(const nlohmann::json& status) {
  std::vector<std::string> out;
  if (status.is_null()) return out;
  for (const auto& entry : status.at("controller").at("history"))
    if (entry.at("what") == "dbrestart") out.push_back(line_of(dbrestart_from_json(entry)));
  return out;
}

Fleet::Fleet(lab::Cluster& cluster, Size size) : cluster_(cluster), site_(cluster) {
  site_.write(northbound_file());
  start_northbound();
  for (std::size_t i = 1; i <= size.processes; ++i) {
    const auto name = "sb-" + std::to_string(i);
    site_.write(southbound_file(name));
    southbound_.emplace_back(site_, name);
  }
  for (std::size_t i = 1; i <= size.embedded; ++i)
    apps_.push_back(std::make_unique<RecordedController>(site_.write(southbound_file("app-" + std::to_string(i)))));
  wait_for("the first topology", [](const Topology& t) { return t.covered() == t.partitions; });
}

void Fleet::start_northbound() {
  northbound_.reset();
  northbound_ = std::make_unique<DbhaProcess>(site_, "nb");
  northbound_->wait_for_problem("");
}

bool Fleet::all_current(const std::function<bool(const Topology&)>& condition) {
  for (const auto& app : apps_) {
    const auto topology = (*app)->topology();
    if (!topology || !condition(*topology)) return false;
  }
  const auto status = northbound_->status();
  if (status.is_null() || status.at("detector").at("status") != "ok") return false;
  const auto& detector = status.at("detector");
  const auto version = detector.at("version").get<std::string>();
  const auto holds_it = [&](const auto& app) { return (*app)->view().applied.text() == version; };
  std::set<std::string> lagging = names();
  for (const auto& controller : detector.at("controllers"))
    if (controller.at("current") == true) lagging.erase(controller.at("name").get<std::string>());
  return lagging.empty() && std::all_of(apps_.begin(), apps_.end(), holds_it);
}

std::set<std::string> Fleet::names() const {
  std::set<std::string> out{"nb"};
  for (std::size_t i = 1; i <= southbound_.size(); ++i) out.insert("sb-" + std::to_string(i));
  for (std::size_t i = 1; i <= apps_.size(); ++i) out.insert("app-" + std::to_string(i));
  return out;
}

void Fleet::wait_for(const std::string& what, const std::function<bool(const Topology&)>& condition) {
  const bool came = lab::wait_until(
      patience, [&] { return all_current(condition); }, poll);
  INFO("waited for: " << what << '\n' << (came ? "" : report()));
  REQUIRE(came);
}

void Fleet::wait_for_owner(int slot, std::size_t node) {
  const auto owns = [slot, id = cluster_.node(node).id](const Topology& topology) {
    const Node* owner = topology.owner({static_cast<std::uint32_t>(slot)});
    return owner && owner->id.value == id;
  };
  wait_for("node " + std::to_string(node) + " to own slot " + std::to_string(slot), owns);
}

void Fleet::check_routing() {
  for (const auto& app : apps_) test::check_routing(**app, cluster_);
}

std::map<std::string, std::vector<std::string>> Fleet::restarts() {
  std::map<std::string, std::vector<std::string>> out;
  for (std::size_t i = 0; i < apps_.size(); ++i) out["app-" + std::to_string(i + 1)] = apps_[i]->restarts();
  for (std::size_t i = 0; i < southbound_.size(); ++i)
    out["sb-" + std::to_string(i + 1)] = restarts_in(southbound_[i].status());
  return out;
}

void Fleet::check_restarts(const std::vector<std::string>& due) {
  const auto told = [&](const auto& entry) { return entry.second.size() >= due.size(); };
  lab::wait_until(
      patience,
      [&] {
        const auto all = restarts();
        return std::all_of(all.begin(), all.end(), told);
      },
      poll);
  for (const auto& [name, restarts] : restarts()) {
    INFO("the log of " << name << ":\n" << contents(site_.log_of(name)));
    CHECK(restarts == due);
  }
  for (const auto& app : apps_) CHECK(app->broken_promises() == std::vector<std::string>{});
}

std::string Fleet::report() {
  std::string out = "the northbound process says " + northbound_->status().dump(1);
  for (const auto& name : names()) out += "\nthe log of " + name + ":\n" + contents(site_.log_of(name));
  return out;
}

}  // namespace dbha::test
