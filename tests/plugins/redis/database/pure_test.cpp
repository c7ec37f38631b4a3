// The decisions of the Redis driver that need no socket.
#include <array>

#include <hiredis/hiredis.h>

#include "redis/call_table.hpp"
#include "redis/commands.hpp"
#include "redis/deadlines.hpp"
#include "redis/redirect.hpp"
#include "redis/rendezvous.hpp"
#include "redis/slot.hpp"
#include "redis/verdict.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::redis;
using namespace std::chrono_literals;

TEST_CASE("keys hash to the slots that Redis documents, and only a filled hash tag counts") {
  CHECK(crc16("123456789") == 0x31C3);
  CHECK(slot_of("foo").value == 12182);
  CHECK(slot_of("").value == 0);
  CHECK(slot_of("{user1000}.following") == slot_of("user1000"));
  CHECK(hash_tag("foo{}{bar}") == "foo{}{bar}");
  CHECK(hash_tag("foo{{bar}}zap") == "{bar");
  CHECK(hash_tag("foo{bar}{zap}") == "bar");
  CHECK(hash_tag("foo{bar") == "foo{bar");
  CHECK(hash_tag("a}b{c}") == "c");
}

TEST_CASE("a redirect names a slot and an address, cut at the last colon") {
  const Endpoint answering{"10.0.0.1", 7000};
  const auto parsed = [&](std::string_view text) { return std::get<Redirect>(parse_redirect(text, answering)); };
  CHECK(parsed("MOVED 3999 127.0.0.1:6381") == Redirect{{3999}, {"127.0.0.1", 6381}});
  CHECK(parsed("ASK 0 node-2.example.org:6381") == Redirect{{0}, {"node-2.example.org", 6381}});
  CHECK(parsed("MOVED 1 2001:db8::2:6381") == Redirect{{1}, {"2001:db8::2", 6381}});
  CHECK(parsed("MOVED 1 [2001:db8::2]:6381") == Redirect{{1}, {"2001:db8::2", 6381}});
}

TEST_CASE("a redirect without a host means the host that answered") {
  const Endpoint answering{"10.0.0.1", 7000};
  for (const auto* text : {"MOVED 5 :7001", "MOVED 5 ?:7001"}) {
    CHECK(std::get<Redirect>(parse_redirect(text, answering)) == Redirect{{5}, {"10.0.0.1", 7001}});
  }
}

TEST_CASE("a malformed redirect is refused with what is wrong with it") {
  const auto why = [](std::string_view text) {
    const auto parsed = parse_redirect(text, {"h", 1});
    REQUIRE(violation_of(parsed));
    return violation_of(parsed)->text;
  };
  CHECK(why("MOVED") == "a redirect without a slot below 16384: 'MOVED'");
  CHECK(why("MOVED 16384 h:1") == "a redirect without a slot below 16384: 'MOVED 16384 h:1'");
  CHECK(why("MOVED -1 h:1") == "a redirect without a slot below 16384: 'MOVED -1 h:1'");
  CHECK(why("MOVED 1") == "a redirect without one host:port: 'MOVED 1'");
  CHECK(why("MOVED 1 nowhere") == "a redirect without one host:port: 'MOVED 1 nowhere'");
  CHECK(why("MOVED 1 h:1 h:2") == "a redirect without one host:port: 'MOVED 1 h:1 h:2'");
  CHECK(why("MOVED 1 h:") == "a redirect to a bad port: 'MOVED 1 h:'");
  CHECK(why("MOVED 1 h:0") == "a redirect to a bad port: 'MOVED 1 h:0'");
  CHECK(why("MOVED 1 h:65536") == "a redirect to a bad port: 'MOVED 1 h:65536'");
  CHECK(why("ASK 1 a\x01z:1") == "a redirect to a bad host: 'ASK 1 a?z:1'");
}

TEST_CASE("an error reply is known by its first word") {
  CHECK(classify("MOVED 1 h:1") == ReplyAction::moved);
  CHECK(classify("ASK 1 h:1") == ReplyAction::ask);
  CHECK(classify("TRYAGAIN Multiple keys request during rehashing of slot") == ReplyAction::try_again);
  CHECK(classify("LOADING Redis is loading the dataset in memory") == ReplyAction::unavailable);
  CHECK(classify("MASTERDOWN Link with MASTER is down") == ReplyAction::unavailable);
  CHECK(classify("CLUSTERDOWN The cluster is down") == ReplyAction::unavailable);
  CHECK(classify("READONLY You can't write against a read only replica.") == ReplyAction::read_only);
  CHECK(classify("ERR max number of clients reached") == ReplyAction::no_room);
  for (const auto* text : {"", "MOVEDX 1 h:1", "ASKING", "ERR unknown command", "NOPERM no", "WRONGPASS invalid",
                           "NOPERM no", "CROSSSLOT Keys in request", "OOM command not allowed"}) {
    CHECK(classify(text) == ReplyAction::give_back);
  }
}

TEST_CASE("TRYAGAIN and ASK are no reason to look again, all other redirections and refusals are") {
  CHECK_FALSE(hint_of(ReplyAction::try_again));
  CHECK_FALSE(hint_of(ReplyAction::ask));
  CHECK_FALSE(hint_of(ReplyAction::give_back));
  CHECK(hint_of(ReplyAction::moved) == HintKind::redirected);
  CHECK(hint_of(ReplyAction::unavailable) == HintKind::unavailable);
  CHECK(hint_of(ReplyAction::read_only) == HintKind::read_only);
  CHECK(hint_of(ReplyAction::no_room) == HintKind::refused);
  CHECK(hint_of(CloseReason::timeout) == HintKind::silent);
  CHECK_FALSE(hint_of(CloseReason::auth));
}

TEST_CASE("only a call that cannot have had an effect, or may have it twice, is sent again after a loss") {
  CHECK_FALSE(after_loss({.repeatable = false}, Fate::unwritten));
  CHECK_FALSE(after_loss({.repeatable = true}, Fate::written));
  CHECK(after_loss({.repeatable = false}, Fate::written) == Outcome::outcome_unknown);
  CHECK(after_deadline({.maybe_done = false}) == Outcome::timeout);
  CHECK(after_deadline({.maybe_done = true}) == Outcome::outcome_unknown);
  CHECK(after_close({.maybe_done = false}) == Outcome::cancelled);
  CHECK(after_close({.maybe_done = true}) == Outcome::outcome_unknown);
  CHECK(after_success({.owner_failed = false}) == Outcome::ok);
  CHECK(after_success({.owner_failed = true}) == Outcome::outcome_unknown);
}

TEST_CASE("rendezvous hashing spreads clients evenly, and only those of a lost node move") {
  Topology topology;
  for (char c = 'a'; c <= 'f'; ++c) {
    topology.nodes.push_back({.id = {std::string(40, c)},
                              .endpoint = {"h", 1},
                              .role = Role::replica,
                              .primary = {},
                              .run_id = {},
                              .predecessors = {},
                              .replid = {}});
  }
  Topology smaller = topology;
  smaller.nodes.erase(smaller.nodes.begin() + 2);
  std::map<NodeId, int> clients;
  for (int i = 0; i < 6000; ++i) {
    const std::string client = "compute-" + std::to_string(i);
    const auto order = rendezvous_order(client, topology);
    REQUIRE(order.size() == 6);
    ++clients[order[0]->id];
    const auto* kept = order[0]->id == topology.nodes[2].id ? order[1] : order[0];
    CHECK(rendezvous_order(client, smaller)[0]->id == kept->id);
  }
  for (const auto& [node, count] : clients) CHECK(std::abs(count - 1000) < 150);
}

TEST_CASE("the rendezvous score is the same in every release") {
  CHECK(rendezvous_score("compute-17", "07c37dfeb235213a872192d90877d0cd55635b91") == 14703312109926593949U);
}

TEST_CASE("nodes without an address are nobody's choice") {
  Topology topology;
  topology.nodes.emplace_back();
  CHECK(rendezvous_order("c", topology).empty());
}

TEST_CASE("deadlines come due once, never early, and at most one tick late") {
  Deadlines deadlines;
  const TimePoint start = TimePoint{} + 1000h;
  deadlines.add(7, start + 10s);
  deadlines.add(8, start + 10ms);
  deadlines.add(9, start + 40s);  // more than once round the wheel
  deadlines.add(10, start - 1s);  // passed already
  std::map<std::uint32_t, TimePoint> ended;
  for (TimePoint now = start; now <= start + 41s; now += 1ms) {
    for (const auto index : deadlines.expired(now)) CHECK(ended.emplace(index, now).second);
    if (const auto next = deadlines.next()) CHECK(*next > now);
  }
  CHECK(deadlines.size() == 0);
  for (const auto& [index, due] :
       std::map<std::uint32_t, TimePoint>{{7, start + 10s}, {8, start + 10ms}, {9, start + 40s}}) {
    CHECK(ended.at(index) >= due);
    CHECK(ended.at(index) <= due + Deadlines::tick);
  }
}

TEST_CASE("a deadline that was removed, or passed while nobody looked, leaves nothing behind") {
  Deadlines deadlines;
  const TimePoint start = TimePoint{} + 1000h;
  for (std::uint32_t i = 0; i < 100; ++i) deadlines.add(i, start + i * 1ms);
  for (std::uint32_t i = 0; i < 100; i += 2) deadlines.remove(i);
  deadlines.remove(4711);
  CHECK(deadlines.expired(start + 24h).size() == 50);
  CHECK_FALSE(deadlines.next());
  deadlines.add(3, start + 25h);
  CHECK(*deadlines.next() <= start + 25h);
  CHECK(deadlines.expired(start + 25h - 10ms).empty());
  CHECK(deadlines.expired(start + 25h + 10ms) == std::vector<std::uint32_t>{3});
}

TEST_CASE("calls that wait stand in order of submission, whenever they came") {
  CallTable table(10, 1 << 20);
  auto& first = table.add({.args = {"SET", "k"}}, {}, {}, slot_of("k"), false);
  auto& second = table.add({.args = {"SET", "k"}}, {}, {}, slot_of("k"), false);
  table.wait(second);
  table.wait(first);
  CHECK(table.waits(slot_of("k")));
  CHECK(table.waiting().begin()->second == first.ticket.index);
  table.end_wait(first);
  CHECK(table.waits(slot_of("k")));
  table.remove(second);
  CHECK_FALSE(table.waits(slot_of("k")));
}

TEST_CASE("a ticket of an earlier sending, or of a call that has ended, names nothing") {
  CallTable table(10, 1 << 20);
  auto& call = table.add({.args = {"SET", "k"}}, {}, {}, slot_of("k"), false);
  const Ticket early = call.ticket;
  table.renew_ticket(call);
  CHECK_FALSE(table.find(early));
  const Ticket late = call.ticket;
  CHECK(table.find(late) == &call);
  table.remove(call);
  CHECK_FALSE(table.find(late));
  table.add({.args = {"SET", "k"}}, {}, {}, slot_of("k"), false);
  CHECK_FALSE(table.find(late));
}

TEST_CASE("the queue is bounded by count and by bytes, and room comes back") {
  const Call call{.key = "k", .args = {"SET", "k", std::string(1000, 'x')}, .repeatable = false, .deadline = {}};
  CallTable few(1, 1 << 20);
  auto& added = few.add(call, {}, {}, slot_of("k"), false);
  CHECK(few.no_room_for(call) == "the queue is full: 1 calls");
  few.remove(added);
  CHECK_FALSE(few.no_room_for(call));
  CallTable small(10, 500);
  CHECK(small.no_room_for(call) == "the queue is full: 0 bytes");
}
