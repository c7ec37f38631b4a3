/// Between clients and nodes: what is asked takes its time to get there, waits at a stopped node and at a wall, and is
/// lost with the node's life.

#include "model/command_words.hpp"
#include "model/world.hpp"

namespace dbha::memory {
namespace {

/// kill -9 shows at the other end of a connection in 5 to 15 ms on a real machine, of which the network is the least.
constexpr Duration reset_least = std::chrono::milliseconds(2);
constexpr Duration reset_most = std::chrono::milliseconds(6);

}  // namespace

std::optional<Index> World::at(const Endpoint& endpoint) const {
  for (Index i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].endpoint == endpoint) return i;
  return std::nullopt;
}

void World::request(const Endpoint& endpoint, std::function<void(Index)> serve, Task lost) {
  const auto node = at(endpoint);
  if (!node) return after(2 * settings_.latency, std::move(lost));
  Request request{*node, nodes_[*node].life, [serve = std::move(serve), i = *node] { serve(i); }, std::move(lost)};
  after(settings_.latency, [this, request = std::move(request)] { take_request(request); });
}

void World::take_request(const Request& request) {
  ClusterNode& n = nodes_[request.node];
  if (hidden_.contains(request.node)) {
    behind_wall_[request.node].push_back([this, request] { take_request(request); });
  } else if (n.state == NodeState::down || n.life != request.life) {
    to_client(request.node, settings_.latency, request.lost);
  } else if (n.state == NodeState::stopped) {
    n.asked.push_back(request);
  } else {
    request.serve();
  }
}

void World::lose(std::vector<Request> requests) {
  for (Request& each : requests) to_client(each.node, settings_.latency, std::move(each.lost));
}

void World::to_client(Index i, Duration delay, Task task) {
  after(delay, [this, i, task = std::move(task)] {
    if (hidden_.contains(i)) {
      behind_wall_[i].push_back(task);
    } else {
      task();
    }
  });
}

void World::hide(const std::set<std::size_t>& nodes) {
  hidden_.clear();
  for (const std::size_t number : nodes) hidden_.insert(checked(number));
  for (auto& [i, waiting] : std::exchange(behind_wall_, {})) {
    if (hidden_.contains(i)) {
      behind_wall_[i] = std::move(waiting);
    } else {
      for (Task& task : waiting) after(settings_.latency, std::move(task));
    }
  }
}

void World::ask(const Endpoint& endpoint, const std::function<void(std::optional<View>)>& answer) {
  const auto serve = [this, answer, asked = now()](Index i) {
    View said = view(i);
    said.asked = asked;
    to_client(i, settings_.latency, [this, answer, said = std::move(said)]() mutable {
      said.answered = now();
      answer(std::move(said));
    });
  };
  request(endpoint, serve, [answer] { answer(std::nullopt); });
}

void World::call(const Endpoint& endpoint, std::vector<std::string> args,
                 const std::function<void(std::optional<Value>)>& answer) {
  const Task lost = [answer] { answer(std::nullopt); };
  request(
      endpoint, [this, args = std::move(args), answer, lost](Index i) { run_call(i, args, answer, lost); }, lost);
}

void World::run_call(Index i, const std::vector<std::string>& args,
                     const std::function<void(std::optional<Value>)>& answer, const Task& lost) {
  ClusterNode& n = nodes_[i];
  if (n.paused_until && may_write(args)) {
    n.held.push_back({i, n.life, [this, i, args, answer, lost] { run_call(i, args, answer, lost); }, lost});
    return;
  }
  to_client(i, settings_.latency, [answer, value = execute(i, args)] { answer(value); });
}

// ---- Observers

Cluster::ObserverId World::observe(Cluster::Observer observer) {
  observers_[next_observer_] = std::make_shared<const Cluster::Observer>(std::move(observer));
  return next_observer_++;
}

/// Each may be gone by the time it would be told, so they are looked up then.
void World::observers_lost(Index i) {
  to_client(i, random_.between(reset_least, reset_most), [this, i] {
    for (const auto& [id, observer] : std::map(observers_))
      if (observers_.contains(id) && observer->lost) observer->lost(nodes_[i].endpoint);
  });
}

void World::observers_demoted(Index i) {
  to_client(i, settings_.latency, [this, i] {
    for (const auto& [id, observer] : std::map(observers_))
      if (observers_.contains(id) && observer->demoted) observer->demoted(nodes_[i].endpoint);
  });
}

/// Every node passes on every message, wherever it was published: clients of a cluster may listen anywhere.
void World::publish(Index i, const std::string& channel, const std::string& message) {
  const auto pass_on = [this, channel, message](Index at) {
    to_client(at, settings_.latency, [this, at, channel, message] {
      for (const auto& [id, observer] : std::map(observers_))
        if (observers_.contains(id) && observer->message) observer->message(nodes_[at].endpoint, channel, message);
    });
  };
  pass_on(i);
  for (const auto& [to, known] : nodes_[i].picture.nodes)
    if (to != i) send(i, to, [pass_on, at = to] { pass_on(at); });
}

}  // namespace dbha::memory
