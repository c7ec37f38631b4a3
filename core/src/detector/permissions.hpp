#pragma once
/// What ACLs keep from a detector: of each signal the nodes that forbid it, with the rule that would allow it. Pure.

#include <map>
#include <set>
#include <string>

#include <dbha/backend.hpp>

#include "detector/prober.hpp"

namespace dbha {

/// A node forbade the question, or the push, that brings a signal. Detection goes on without: later, never wrongly.
class Permissions {
 public:
  using Forbidden = std::map<Signal, std::map<Endpoint, std::string>>;

  /// True for the first node of all: the nodes of a database have the same rules, nearly always, and one line in the
  /// log is enough.
  bool forbid(const Endpoint& endpoint, Signal signal, const std::string& rule, Prober& prober, TimePoint now);
  void permit(const Endpoint& endpoint, Signal signal);
  /// An answer to a question says that the node permits it.
  void answered(const Endpoint& endpoint, Question question, Prober& prober);

  const Forbidden& forbidden() const { return forbidden_; }

 private:
  Forbidden forbidden_;
  std::set<Signal> told_;
};

}  // namespace dbha
