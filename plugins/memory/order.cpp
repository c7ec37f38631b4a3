#include "memory/order.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <stdexcept>
#include <string_view>

#include "memory/cluster_json.hpp"

namespace dbha::memory {
namespace {

Value text(std::string words) {
  return {Value::Kind::text, std::move(words), 0, {}};
}
Value integer(std::size_t number) {
  return {Value::Kind::integer, {}, static_cast<std::int64_t>(number), {}};
}
Value done() {
  return {Value::Kind::status, "OK", 0, {}};
}

std::string upper(std::string word) {
  for (char& c : word)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return word;
}

/// The words of one order, read one after another. A wrong one ends the reading with what is right.
class Words {
 public:
  Words(const std::vector<std::string>& args, const Cluster& cluster, std::uint32_t partitions)
      : args_(args), cluster_(cluster), partitions_(partitions) {}

  std::size_t node() { return number("a node number", cluster_.size()); }
  Partition partition() { return {static_cast<std::uint32_t>(number("a partition", partitions_))}; }
  std::set<std::size_t> nodes() {
    std::set<std::size_t> out;
    while (at_ < args_.size()) out.insert(node());
    return out;
  }
  std::string word(const char* wanted) {
    if (at_ == args_.size()) refuse(wanted, "nothing");
    return args_[at_++];
  }
  FailoverMode mode() {
    if (at_ == args_.size()) return FailoverMode::graceful;
    const auto given = upper(args_[at_]);
    if (given == "FORCE") return ++at_, FailoverMode::force;
    if (given == "TAKEOVER") return ++at_, FailoverMode::takeover;
    refuse("FORCE, TAKEOVER or nothing after the node", "'" + args_[at_] + "'");
  }
  void end() const {
    if (at_ < args_.size()) refuse("no more words", "'" + args_[at_] + "'");
  }

 private:
  std::size_t number(const std::string& what, std::size_t count) {
    const std::string wanted = what + ", 0 to " + std::to_string(count - 1);
    const std::string given = word(wanted.c_str());
    std::size_t out = 0;
    const auto [end, bad] = std::from_chars(given.data(), given.data() + given.size(), out);
    if (bad != std::errc{} || end != given.data() + given.size() || out >= count) refuse(wanted, "'" + given + "'");
    return out;
  }
  [[noreturn]] void refuse(const std::string& wanted, const std::string& got) const {
    throw std::invalid_argument("MEMORY " + upper(args_[1]) + " wants " + wanted + "; got " + got);
  }

  const std::vector<std::string>& args_;
  const Cluster& cluster_;
  std::uint32_t partitions_;
  std::size_t at_ = 2;
};

struct Scene {
  Words& words;
  Cluster& cluster;
  const std::map<std::string, std::uint64_t>& asked;
};

/// For the orders that are one verb for one node.
template <void (Cluster::*verb)(std::size_t)>
Value on_node(Scene& s) {
  const std::size_t node = s.words.node();
  s.words.end();
  (s.cluster.*verb)(node);
  return done();
}

template <void (Cluster::*verb)(const std::set<std::size_t>&)>
Value on_nodes(Scene& s) {
  (s.cluster.*verb)(s.words.nodes());
  return done();
}

Value restart(Scene& s) {
  const std::size_t node = s.words.node();
  s.words.end();
  s.cluster.restart_in_place(node);
  return done();
}

Value failover(Scene& s) {
  const std::size_t node = s.words.node();
  const FailoverMode mode = s.words.mode();
  s.words.end();
  s.cluster.failover(node, mode);
  return done();
}

Value move(Scene& s) {
  const Partition first = s.words.partition();
  const Partition last = s.words.partition();
  const std::size_t from = s.words.node();
  const std::size_t to = s.words.node();
  s.words.end();
  s.cluster.move({first, last}, from, to);
  return done();
}

Value add(Scene& s) {
  s.words.end();
  return integer(s.cluster.add_node());
}

Value replicate(Scene& s) {
  const std::size_t node = s.words.node();
  const std::size_t primary = s.words.node();
  s.words.end();
  s.cluster.replicate(node, primary);
  return done();
}

Value outage(Scene& s) {
  s.words.end();
  for (std::size_t i = 0; i < s.cluster.size(); ++i)
    if (s.cluster.state(i) != NodeState::down) s.cluster.kill(i);
  return done();
}

Value recover(Scene& s) {
  s.words.end();
  for (std::size_t i = 0; i < s.cluster.size(); ++i) {
    if (s.cluster.state(i) == NodeState::stopped) s.cluster.resume(i);
    if (s.cluster.state(i) == NodeState::down && !s.cluster.removed(i)) s.cluster.start(i);
  }
  return done();
}

Value nodes(Scene& s) {
  s.words.end();
  return text(nodes_json(s.cluster));
}

Value owner(Scene& s) {
  const Partition partition = s.words.partition();
  s.words.end();
  const auto node = s.cluster.owner(partition);
  return node ? integer(*node) : Value{};
}

Value value(Scene& s) {
  const std::size_t node = s.words.node();
  const std::string key = s.words.word("a key after the node");
  s.words.end();
  const auto held = s.cluster.value_at(node, key);
  return held ? text(*held) : Value{};
}

Value agreed(Scene& s) {
  s.words.end();
  return integer(s.cluster.agreed() ? 1 : 0);
}

Value asked(Scene& s) {
  s.words.end();
  return text(counts_json(s.asked));
}

struct Verb {
  std::string_view name;
  Value (*carry_out)(Scene&);
};

constexpr std::array<Verb, 21> verbs{{{"KILL", on_node<&Cluster::kill>},
                                      {"START", on_node<&Cluster::start>},
                                      {"STOP", on_node<&Cluster::stop>},
                                      {"RESUME", on_node<&Cluster::resume>},
                                      {"RESTART", restart},
                                      {"FAILOVER", failover},
                                      {"MOVE", move},
                                      {"ISOLATE", on_nodes<&Cluster::isolate>},
                                      {"HIDE", on_nodes<&Cluster::hide>},
                                      {"FREEZE", on_node<&Cluster::freeze_view>},
                                      {"THAW", on_node<&Cluster::thaw_view>},
                                      {"ADD", add},
                                      {"REPLICATE", replicate},
                                      {"REMOVE", on_node<&Cluster::remove>},
                                      {"OUTAGE", outage},
                                      {"RECOVER", recover},
                                      {"NODES", nodes},
                                      {"OWNER", owner},
                                      {"VALUE", value},
                                      {"AGREED", agreed},
                                      {"ASKED", asked}}};

std::string unknown(const std::vector<std::string>& args) {
  std::string out = "MEMORY wants one of";
  for (const Verb& verb : verbs) out.append(&verb == verbs.begin() ? " " : ", ").append(verb.name);
  return out + "; got " + (args.size() < 2 ? "nothing" : "'" + args[1] + "'");
}

}  // namespace

Value carry_out(const std::vector<std::string>& args, Cluster& cluster,
                const std::map<std::string, std::uint64_t>& asked_by) {
  const std::string name = args.size() < 2 ? "" : upper(args[1]);
  const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& v) { return v.name == name; });
  try {
    if (verb == verbs.end()) throw std::invalid_argument(unknown(args));
    Words words(args, cluster, cluster.settings().partitions);
    Scene scene{words, cluster, asked_by};
    return verb->carry_out(scene);
  } catch (const std::invalid_argument& refused) {
    return {Value::Kind::error, std::string("ERR ") + refused.what(), 0, {}};
  }
}

}  // namespace dbha::memory
