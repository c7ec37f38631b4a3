#include "memory/topology_source.hpp"

#include <algorithm>
#include <utility>

namespace dbha::memory {
namespace {

RoleAnswer role_of(const View& view, bool synced) {
  RoleAnswer out;
  out.role = view.role;
  out.synced = synced;
  const NodeReport& self = view.nodes.front();  // a view begins with the node itself
  for (const NodeReport& report : view.nodes)
    if (view.role == Role::replica && report.id == self.primary) out.primary = report.endpoint;
  return out;
}

}  // namespace

MemorySource::MemorySource(std::shared_ptr<Server> server, EventLoop& loop, std::string process, Duration probe_timeout,
                           TopologySourceListener& listener)
    : loop_(loop),
      process_(std::move(process)),
      probe_timeout_(probe_timeout),
      listener_(listener),
      line_(std::move(server), loop) {
  line_.observe({.lost = [this](const Endpoint& at) { on_lost(at); },
                 .demoted = [this](const Endpoint& at) { on_demoted(at); },
                 .message = {}});
}

void MemorySource::set_endpoints(const std::vector<Endpoint>& endpoints) {
  const std::set<Endpoint> wanted(endpoints.begin(), endpoints.end());
  std::erase_if(peers_, [&](const auto& peer) { return !wanted.contains(peer.first); });
  for (const Endpoint& endpoint : wanted) peers_[endpoint];
  std::vector<QuestionId> orphans;
  for (const auto& [id, asked] : asked_)
    if (!wanted.contains(asked.endpoint)) orphans.push_back(id);
  for (const QuestionId id : orphans) line_.later([this, id] { on_answer(id, std::nullopt); });
}

void MemorySource::ask(const Endpoint& endpoint, Question question) {
  const QuestionId id = next_id_++;
  asked_[id] = {endpoint, question, loop_.now()};
  if (!peers_.contains(endpoint)) return line_.later([this, id] { on_answer(id, std::nullopt); });
  line_.ask(endpoint, process_, [this, id](const std::optional<Line::Answer>& answer) { on_answer(id, answer); });
  if (std::exchange(deadline_armed_, true)) return;
  deadline_ = Timer(loop_, probe_timeout_, [this] { return expire(); });
}

void MemorySource::on_answer(QuestionId id, const std::optional<Line::Answer>& answer) {
  const auto at = asked_.find(id);
  if (at == asked_.end()) return;  // late: it has been answered with "no answer"
  const Asked asked = at->second;
  asked_.erase(at);
  const auto peer = peers_.find(asked.endpoint);
  if (peer == peers_.end()) return no_answer(asked);
  if (!answer) {
    no_answer(asked);
    return on_refused(asked.endpoint);
  }
  peer->second = {answer->view.node, true, false};
  deliver(asked, *answer);
}

void MemorySource::deliver(const Asked& asked, const Line::Answer& answer) {
  View view = answer.view;
  view.asked = asked.at;
  view.answered = loop_.now();
  switch (asked.question) {
    case Question::view:
      return listener_.on_view(std::move(view));
    case Question::role: {
      RoleAnswer role = role_of(view, answer.synced);
      role.node = view.node;
      role.endpoint = asked.endpoint;
      role.asked = view.asked;
      role.answered = view.answered;
      return listener_.on_role(std::move(role));
    }
    case Question::epoch:
      return listener_.on_epoch({view.node, asked.endpoint, view.asked, view.answered, view.ok, view.current_epoch,
                                 view.nodes.front().epoch, view.nodes.size()});
    case Question::alive:
      return listener_.on_alive(asked.endpoint, view.node, view.asked, view.answered);
  }
}

void MemorySource::no_answer(const Asked& asked) {
  listener_.on_no_answer(asked.endpoint, asked.question, asked.at);
}

std::optional<Duration> MemorySource::expire() {
  while (!asked_.empty()) {
    const Duration left = asked_.begin()->second.at + probe_timeout_ - loop_.now();
    if (left > Duration(0)) return left;
    const Asked overdue = asked_.extract(asked_.begin()).mapped();
    no_answer(overdue);
  }
  deadline_armed_ = false;
  return std::nullopt;
}

// ---- Hints

void MemorySource::on_lost(const Endpoint& endpoint) {
  const auto peer = peers_.find(endpoint);
  if (peer == peers_.end() || !std::exchange(peer->second.up, false)) return;
  listener_.on_hint({HintKind::connection_lost, peer->second.node, endpoint, std::nullopt});
}

/// A question that is lost although the connection stood is the first sign that it does not.
void MemorySource::on_refused(const Endpoint& endpoint) {
  const auto peer = peers_.find(endpoint);
  if (peer == peers_.end()) return;
  if (peer->second.up) return on_lost(endpoint);
  if (std::exchange(peer->second.refusal_told, true)) return;
  listener_.on_hint({HintKind::refused, peer->second.node, endpoint, std::nullopt});
}

void MemorySource::on_demoted(const Endpoint& endpoint) {
  const auto peer = peers_.find(endpoint);
  if (peer == peers_.end() || !peer->second.up || !signals_.has(Signal::channel)) return;
  listener_.on_hint({HintKind::demoted, peer->second.node, endpoint, std::nullopt});
}

}  // namespace dbha::memory
