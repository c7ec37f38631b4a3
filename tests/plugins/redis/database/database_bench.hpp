#pragma once
/// A database between scripted nodes: what the tests of calls and of subscriptions share.

#include <memory>
#include <string>
#include <vector>

#include "redis/credentials.hpp"
#include "redis/database.hpp"
#include "redis/slot.hpp"
#include "run_until.hpp"
#include "support/catch.hpp"
#include "support/scripted_redis.hpp"
#include "support/test_log.hpp"

namespace dbha::test {

struct Hearing final : DatabaseListener {
  std::vector<Hint> hints;
  std::vector<SubscriptionGap> interruptions;

  void on_hint(Hint hint) override { hints.push_back(std::move(hint)); }
  void on_subscription_interrupted(SubscriptionGap what) override { interruptions.push_back(std::move(what)); }
  /// Any node may be silent for a moment on a loaded machine; whoever looks for other hints does not mind.
  bool nothing_but_silence() const { return count(HintKind::silent) == hints.size(); }
  std::size_t count(HintKind kind) const {
    return static_cast<std::size_t>(
        std::count_if(hints.begin(), hints.end(), [&](const Hint& hint) { return hint.kind == kind; }));
  }
};

inline Node member(std::string id, Endpoint endpoint, Role role, std::string primary = {}) {
  return {.id = {std::move(id)},
          .endpoint = std::move(endpoint),
          .role = role,
          .primary = {std::move(primary)},
          .run_id = {},
          .predecessors = {},
          .replid = {}};
}

/// The redirects that name a node, for the slot of a key.
inline std::string moved_to(const ScriptedRedis& node, const std::string& key) {
  return "-MOVED " + std::to_string(redis::slot_of(key).value) + ' ' + node.endpoint().host + ':' +
         std::to_string(node.endpoint().port) + "\r\n";
}
inline std::string ask_at(const ScriptedRedis& node, const std::string& key) {
  return "-ASK" + moved_to(node, key).substr(6);
}

/// The call whose key is the command's first argument.
inline Call call_of(std::vector<std::string> args, bool repeatable = false, std::optional<Duration> deadline = {}) {
  Call call;
  if (args.size() > 1) call.key = args[1];
  call.args = std::move(args);
  call.repeatable = repeatable;
  call.deadline = deadline;
  return call;
}

inline PartitionSet all_slots() {
  PartitionSet set;
  set.set({{0}, {16383}}, {});
  return set;
}

struct DatabaseBench {
  EpollLoop loop;
  TestLog log;
  Hearing hearing;
  ScriptedRedis a{loop};
  ScriptedRedis b{loop};
  DatabaseSettings settings{.call_deadline = std::chrono::seconds(5),
                            .apply_timeout = std::chrono::milliseconds(300),
                            .probe_timeout = std::chrono::milliseconds(400),
                            .max_redirects = 5,
                            .queue_calls = 1000,
                            .queue_bytes = std::size_t{1} << 24,
                            .client_name = "test"};
  redis::Access access{};
  std::unique_ptr<Database> database;
  std::uint64_t epoch = 0;
  std::vector<Applied> applied;
  std::vector<Result> results;  ///< in the order in which they came
  std::vector<std::vector<Result>> by_call;

  /// Whatever happened, nobody was told twice.
  ~DatabaseBench() {
    for (const auto& told : by_call) CHECK(told.size() <= 1);
  }

  void open() { database = redis::make_database(loop, log, hearing, settings, access); }

  /// A topology in which `owner` ("a" or "b") owns all slots, at a higher epoch than the one before.
  std::shared_ptr<const Topology> owned_by(const std::string& owner, Role other = Role::primary) {
    auto topology = std::make_shared<Topology>();
    topology->generation = 1;
    topology->partitions = 16384;
    const auto role = [&](const char* id) { return owner == id ? Role::primary : other; };
    const auto primary = [&](const char* id) { return owner == id || other == Role::primary ? "" : owner; };
    topology->nodes = {member("a", a.endpoint(), role("a"), primary("a")),
                       member("b", b.endpoint(), role("b"), primary("b"))};
    topology->claims.set({{0}, {16383}}, {{++epoch}, 0, {owner}});
    return topology;
  }

  void apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked = {}) {
    database->apply(std::move(topology), marked, [this](Applied what) { applied.push_back(std::move(what)); });
  }
  /// With `owner` as the only primary, applied.
  void open_with(const std::string& owner, Role other = Role::primary) {
    open();
    apply(owned_by(owner, other));
    if (!run_until(loop, [&] { return !applied.empty(); })) throw std::runtime_error("not applied");
  }

  Completion completion() {
    by_call.emplace_back();
    return [this, call = by_call.size() - 1](Result result) {
      by_call[call].push_back(result);
      results.push_back(std::move(result));
    };
  }
  /// Returns the number of the call.
  std::size_t submit_call(Call call) {
    database->submit(std::move(call), completion());
    return by_call.size() - 1;
  }
  std::size_t submit(std::vector<std::string> args, bool repeatable = false, std::optional<Duration> deadline = {}) {
    return submit_call(call_of(std::move(args), repeatable, deadline));
  }
  bool ended(std::size_t call) const { return !by_call.at(call).empty(); }
  /// Fails the test if the call does not end.
  const Result& result_of(std::size_t call) {
    if (!run_until(loop, [&] { return ended(call); }))
      throw std::runtime_error("call " + std::to_string(call) + " does not end");
    return by_call[call].front();
  }
  /// How many times a node was sent a command, by its first words.
  /// The connection on which the node was asked that last: others are asked PING now and then.
  static ScriptedRedis::ConnectionId asked_on(const ScriptedRedis& node, const std::string& verb) {
    const auto& asked = node.asked();
    const auto at = std::find_if(asked.rbegin(), asked.rend(), [&](const auto& one) { return one.args[0] == verb; });
    if (at == asked.rend()) throw std::runtime_error(verb + " was not asked");
    return at->connection;
  }
  static std::size_t sent(const ScriptedRedis& node, const ScriptedRedis::Args& words) {
    const auto all = node.commands();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& args) {
      return words.size() <= args.size() && std::equal(words.begin(), words.end(), args.begin());
    }));
  }
  bool until_results(std::size_t count) {
    return run_until(loop, [&] { return results.size() >= count; });
  }
};

}  // namespace dbha::test
