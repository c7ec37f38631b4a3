#include "source.hpp"

namespace dbha::sim {

QuestionCost cost_of(Question question, std::size_t nodes) {
  switch (question) {
    case Question::view:
      return {4, static_cast<unsigned>(130 * nodes + 2200)};
    case Question::epoch:
      return {1, 750};
    case Question::role:
      return {1, 70};
    case Question::alive:
      break;
  }
  return {1, 7};
}

Source::Source(VirtualClock& clock, memory::Cluster& cluster, Gate& gate, TopologySourceListener& listener,
               const std::set<Endpoint>& unreached)
    : clock_(clock), cluster_(cluster), gate_(gate), listener_(listener), unreached_(unreached) {
  observer_ = cluster_.observe({[this](const Endpoint& e) { raise(HintKind::connection_lost, e); },
                                [this](const Endpoint& e) { raise(HintKind::demoted, e); },
                                {}});
}

Source::~Source() {
  cluster_.forget(observer_);
}

void Source::set_endpoints(const std::vector<Endpoint>& endpoints) {
  endpoints_ = {endpoints.begin(), endpoints.end()};
}

void Source::ask(const Endpoint& endpoint, Question question) {
  const std::uint64_t number = first_ + asked_.size();
  asked_.push_back({endpoint, question, clock_.now()});
  arm();
  if (endpoints_.contains(endpoint) && !unreached_.contains(endpoint))
    cluster_.ask(endpoint, life_.guard([this, number](std::optional<View> view) {
      gate_.pass([this, number, said = std::move(view)]() mutable { on_answer(number, std::move(said)); });
    }));
}

void Source::on_answer(std::uint64_t number, std::optional<View> view) {
  if (number < first_) return;  // too late: it has been answered with "no answer"
  Asked& asked = asked_[number - first_];
  if (unreached_.contains(asked.endpoint)) return;  // the answer does not come through
  if (std::exchange(asked.settled, true)) return;
  if (!view || clock_.now() - asked.at > probe_timeout)
    return listener_.on_no_answer(asked.endpoint, asked.question, asked.at);
  view->endpoint = asked.endpoint;
  view->asked = asked.at;
  view->answered = clock_.now();
  deliver(Asked(asked), std::move(*view));  // a copy: the listener may ask again
}

void Source::deliver(const Asked& asked, View view) {
  switch (asked.question) {
    case Question::view:
      return listener_.on_view(std::move(view));
    case Question::role:
      return listener_.on_role({view.node, view.endpoint, view.asked, view.answered, view.role, {}, true});
    case Question::epoch:
      return listener_.on_epoch({view.node, view.endpoint, view.asked, view.answered, view.ok, view.current_epoch,
                                 view.nodes.front().epoch, view.nodes.size()});
    case Question::alive:
      return listener_.on_alive(view.endpoint, view.node, view.asked, view.answered);
  }
}

void Source::arm() {
  if (asked_.empty() || std::exchange(armed_, true)) return;
  clock_.after(asked_.front().at + probe_timeout - clock_.now(), life_.guard([this] {
    gate_.pass([this] {
      armed_ = false;
      expire();
    });
  }));
}

void Source::expire() {
  while (!asked_.empty() && (asked_.front().settled || clock_.now() - asked_.front().at >= probe_timeout)) {
    const Asked asked = std::move(asked_.front());
    asked_.pop_front();
    ++first_;
    if (!asked.settled) listener_.on_no_answer(asked.endpoint, asked.question, asked.at);
  }
  arm();
}

void Source::raise(HintKind kind, const Endpoint& endpoint) {
  if (!endpoints_.contains(endpoint) || unreached_.contains(endpoint)) return;
  gate_.pass([this, kind, endpoint] { listener_.on_hint({kind, {}, endpoint, std::nullopt}); });
}

}  // namespace dbha::sim
