#pragma once
/// A listener that keeps all it is told, and a loop that runs until something is true.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "loop/epoll_loop.hpp"
#include "redis/topology_source.hpp"
#include "support/test_log.hpp"

namespace dbha::test {

struct Recorder final : TopologySourceListener {
  struct NoAnswer {
    Endpoint endpoint;
    Question question;
  };
  struct Unusable {
    Endpoint endpoint;
    std::string reason;
  };
  std::vector<View> views;
  std::vector<RoleAnswer> roles;
  std::vector<EpochAnswer> epochs;
  std::vector<NodeId> alive;
  std::vector<NoAnswer> no_answers;
  std::vector<Unusable> unusable;
  std::vector<Hint> hints;
  std::vector<std::pair<Signal, std::string>> forbidden;
  std::function<void()> during_call;  ///< run inside the next call

  std::size_t answers() const {
    return views.size() + roles.size() + epochs.size() + alive.size() + no_answers.size() + unusable.size();
  }
  std::size_t hints_of(HintKind kind) const {
    std::size_t n = 0;
    for (const auto& hint : hints) n += hint.kind == kind ? 1 : 0;
    return n;
  }

  void on_view(View view) override { keep(views, std::move(view)); }
  void on_role(RoleAnswer answer) override { keep(roles, std::move(answer)); }
  void on_epoch(EpochAnswer answer) override { keep(epochs, std::move(answer)); }
  void on_alive(Endpoint, NodeId node, TimePoint, TimePoint) override { keep(alive, std::move(node)); }
  void on_no_answer(Endpoint endpoint, Question question, TimePoint) override {
    keep(no_answers, {std::move(endpoint), question});
  }
  void on_unusable(Endpoint endpoint, std::string reason) override {
    keep(unusable, {std::move(endpoint), std::move(reason)});
  }
  void on_hint(Hint hint) override { keep(hints, std::move(hint)); }
  void on_forbidden(const Endpoint&, Signal signal, const std::string& rule) override {
    keep(forbidden, {signal, rule});
  }

 private:
  template <class T>
  void keep(std::vector<T>& where, T what) {
    where.push_back(std::move(what));
    if (during_call) std::exchange(during_call, nullptr)();
  }
};

/// A source on a loop of its own, run by the test's thread.
struct Bench {
  EpollLoop loop;
  TestLog log;
  Recorder heard;
  std::optional<redis::CredentialsFile> login;
  redis::ProbeSettings settings;

  Bench() {
    settings.client_name = "test";
    settings.probe_timeout = std::chrono::milliseconds(300);
  }
  void log_in_as(redis::Credentials credentials) {
    settings.access.credentials = &login.emplace(std::move(credentials));
  }
  redis::RedisTopologySource source() { return {loop, log, settings, heard}; }

  template <class Condition>
  bool run_until(Condition condition, Duration limit = std::chrono::seconds(10)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop.turn(std::chrono::milliseconds(5));
    }
    return true;
  }
  /// Asks again and again, as the detector does, until something is true.
  template <class Condition>
  bool ask_until(TopologySource& source, const Endpoint& endpoint, Question question, Condition condition) {
    return run_until([&] {
      const auto before = heard.answers();
      source.ask(endpoint, question);
      return !run_until([&] { return heard.answers() > before; }) || condition();
    });
  }
};

}  // namespace dbha::test
