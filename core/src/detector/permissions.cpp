#include "detector/permissions.hpp"

namespace dbha {
namespace {

/// The question that a signal is asked by; nothing for those that come by themselves.
std::optional<Question> question_of(Signal signal) {
  if (signal == Signal::role) return Question::role;
  if (signal == Signal::epoch) return Question::epoch;
  if (signal == Signal::heartbeat) return Question::alive;
  return std::nullopt;
}

}  // namespace

bool Permissions::forbid(const Endpoint& endpoint, Signal signal, const std::string& rule, Prober& prober,
                         TimePoint now) {
  if (const auto question = question_of(signal)) {
    prober.answered(endpoint, *question);
    prober.forbid(endpoint, *question, now);
  }
  forbidden_[signal][endpoint] = rule;
  return told_.insert(signal).second;
}

void Permissions::permit(const Endpoint& endpoint, Signal signal) {
  if (auto known = forbidden_.find(signal); known != forbidden_.end()) known->second.erase(endpoint);
}

void Permissions::answered(const Endpoint& endpoint, Question question, Prober& prober) {
  for (auto& [signal, nodes] : forbidden_)
    if (question_of(signal) == question && nodes.erase(endpoint) > 0) prober.permit(endpoint, question);
}

}  // namespace dbha
