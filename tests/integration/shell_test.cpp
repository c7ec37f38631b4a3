// `dbha shell` beside redis-cli, on a real cluster.

#include <csignal>
#include <sstream>

#include "dialogue.hpp"
#include "fleet.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

Lines shell_of(const lab::RedisCluster& cluster, const Lines& more = {}) {
  std::string seeds;
  for (const auto& node : cluster.nodes()) seeds += (seeds.empty() ? "" : ",") + node.address();
  Lines out{DBHA_PROGRAM, "shell", "--seeds", seeds};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Lines lines_of(const std::string& text) {
  Lines out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::string joined(const Lines& lines) {
  std::string out;
  for (const auto& line : lines) out += line + '\n';
  return out;
}

/// What redis-cli prints, but for where it was redirected to.
std::string by_redis_cli(const lab::RedisCluster& cluster, const std::string& input) {
  const auto said =
      said_to({"redis-cli", "-c", "-h", cluster.node(0).host, "-p", std::to_string(cluster.node(0).port)}, input);
  REQUIRE(said.exit_code == 0);
  std::string out = said.output;
  for (auto at = out.find("-> Redirected"); at != std::string::npos; at = out.find("-> Redirected"))
    out.erase(at, out.find('\n', at) - at + 1);
  return out;
}

/// Every kind of reply, and every way to write a word.
const Lines table{
    "SET s value",
    "GET s",
    "GET nothing",
    "  get\t s  ",
    "",
    "SET empty \"\"",
    "GET empty",
    R"(SET binary "\x00\x01\xff\n\r\t\a\b\\\"end")",
    "GET binary",
    "STRLEN binary",
    R"(SET quoted 'it\'s \n')",
    "GET quoted",
    "SET utf \xc3\xa4\xc3\xb6",
    "GET utf",
    "INCR n",
    "3 INCR n",
    "DECRBY n 100",
    "GET n",
    "RPUSH list a \"\" 'b c'",
    "LRANGE list 0 -1",
    "LRANGE nothing 0 -1",
    "HSET h f1 v1 f2 v2",
    "HGETALL h",
    "HMGET h f1 none f2",
    "ZADD z 1.5 a 2 b",
    "ZRANGE z 0 -1 WITHSCORES",
    "ZSCORE z a",
    "TYPE list",
    "PING",
    "EVAL \"return {1,{2,{'x'},3},{},false,'y'}\" 0",
    "EVAL \"return {}\" 0",
    "EVAL \"return {{},{}}\" 0",
    "XADD stream 1-1 f v",
    "XRANGE stream - +",
    "EXISTS s",
    "DEL s list",
    "MSET {t}a 1 {t}b 2",
    "MGET {t}a {t}b {t}c",
    "MULTI",
    "INCR {t}a",
    "LRANGE {t}none 0 -1",
    "GET {t}b",
    "EXEC",
    "MULTI",
    "SET {t}a 100",
    "DISCARD",
    "GET {t}a",
    "MULTI",
    "EXEC",
    "GET \"unbalanced",
    "GET 'x'y",
    "0 GET s",
    "GET {t}b",
};

}  // namespace

TEST_CASE("the shell prints what redis-cli -c prints, byte for byte, on another cluster like it") {
  lab::RedisCluster cluster({.replicas_per_primary = 0});
  const auto big = "SET big \"" + std::string(3'000'000, 'b') + "\"\nSTRLEN big\nGET big\nDEL big\n";
  // "DEL s list" has keys in two slots: redis-cli alone is refused.
  auto comparable = table;
  std::erase(comparable, "DEL s list");
  const auto input = joined(comparable) + big + "GET last";
  const auto expected = by_redis_cli(cluster, input);
  by_redis_cli(cluster, joined({"DEL n", "DEL list", "DEL stream", "DEL h", "DEL z", "DEL {t}a {t}b", "DEL s"}));
  const auto got = said_to(shell_of(cluster), input);
  CHECK(got.exit_code == 0);
  CHECK(got.errors.empty());
  CHECK((got.output == expected));  // too long to be shown as a whole
  const auto ours = lines_of(got.output);
  const auto theirs = lines_of(expected);
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    INFO("line " << i + 1);
    REQUIRE(ours[i].substr(0, 200) == theirs[i].substr(0, 200));
  }

  // An error is said to be one, in one line; the server's words are the same.
  for (const char* line : {"dance", "GET", "LPUSH h x", "EVAL \"return redis.error_reply('ERR mine')\" 0", "EXEC",
                           "DISCARD", "INCRBY h nan"}) {
    INFO(line);
    auto words = by_redis_cli(cluster, std::string(line) + "\n");
    REQUIRE(words.ends_with("\n\n"));
    words.pop_back();
    CHECK(said_to(shell_of(cluster), std::string(line) + "\n").output == "(error) " + words);
  }
  CHECK(said_to(shell_of(cluster), "MSET s 1 list 2\nMGET s none list\nDEL s list\nLMOVE s list LEFT LEFT\n").output ==
        "OK\n1\n\n2\n2\n(error) CROSSSLOT Keys in request don't hash to the same slot\n");
  CHECK(said_to(shell_of(cluster), "BLPOP l 1\nWATCH k\n").output ==
        "(unavailable) BLPOP would hold up all other calls on its connection\n"
        "(unavailable) WATCH would change the connection for all other calls on it\n");
}

TEST_CASE("between !async and !sync nothing is waited for, and replies come in order, and !all asks every primary") {
  lab::RedisCluster cluster({.replicas_per_primary = 0});
  Dialogue shell(shell_of(cluster));
  std::string counts;
  shell.say("!async");
  for (int i = 1; i <= 1000; ++i) {
    shell.say("INCR counter");
    if (i % 10 == 0) shell.say("SET key-" + std::to_string(i) + " v");  // on all nodes
    counts += std::to_string(i) + '\n' + (i % 10 == 0 ? "OK\n" : "");
  }
  shell.say("GET \"");
  shell.say("!topology");
  shell.wait_for("partitions have an owner");
  CHECK(shell.output().starts_with("g1."));  // no reply has been printed before
  shell.say("!sync");
  shell.wait_for(counts + "Invalid argument(s)\n");

  // Again each is waited for: a program that reads and writes in turn is never left waiting.
  for (int i = 1001; i <= 1010; ++i) {
    const auto before = shell.output().size();
    shell.say("INCR counter");
    shell.wait_for(std::to_string(i) + '\n', before);
  }

  std::map<Endpoint, int> sizes;
  for (const auto& node : cluster.nodes()) sizes[{node.host, node.port}] = static_cast<int>(node.index) + 1;
  std::string expected;
  for (const auto& [endpoint, size] : sizes) expected += std::to_string(size) + '\n';
  auto before = shell.output().size();
  shell.say("!all FLUSHALL");
  shell.wait_for("OK\nOK\nOK\n", before);
  for (std::size_t primary = 0; primary < 3; ++primary) {
    const auto [first, last] = cluster.slots_of(primary).front();
    for (int i = 0; i <= static_cast<int>(primary); ++i) shell.say("SET " + lab::key_in(first, last, i) + " v");
  }
  before = shell.output().size();
  shell.say("!all DBSIZE");
  shell.wait_for(expected, before);
  shell.say("!async");
  shell.say("INCR counter");  // the end of the input is a !sync too
  shell.hang_up();
  CHECK(shell.exit_code() == 0);
  CHECK(shell.output().ends_with(expected + "1\n"));
  shell.check_nothing_left();
}

TEST_CASE("a primary is killed in the middle of a batch: every command is answered, and !events says what to restart") {
  lab::RedisCluster cluster;  // primaries 0 1 2, their replicas 3 4 5
  Dialogue shell(shell_of(cluster, {"--deadline", "15000"}));
  shell.say("!events");
  shell.say("SET before 1");
  shell.wait_for("OK\n");
  CHECK(shell.output() == "OK\n");  // the first topology is no event

  shell.say("!async");
  const auto batch = [&](int from) {
    for (int i = from; i < from + 500; ++i)
      for (const auto& [first, last] : {lab::SlotRange{0, 5460}, {5461, 10921}, {10922, 16383}})
        shell.say("SET " + lab::key_in(first, last, i) + " v");
  };
  batch(0);
  cluster.kill(0);
  batch(500);
  shell.say("!sync");
  shell.say("ECHO end-of-batch");
  shell.wait_for("end-of-batch\n");
  auto replies = lines_of(shell.output());
  REQUIRE(replies.size() == 1 + 3000 + 1);
  for (const auto& reply : replies) {
    INFO(reply);
    CHECK((reply == "OK" || reply == "end-of-batch" || reply.starts_with("(unknown-outcome) ")));
  }
  CHECK(std::count(replies.begin(), replies.end(), "OK") > 2000);
  CHECK(replies[3000] == "OK");

  const std::string line =
      "dbrestart cause=failover partitions=0-5460 old_primary=" + cluster.node(0).id.substr(0, 8) + " epoch=";
  const bool told = lab::wait_until(
      patience,
      [&] {
        shell.say("!events");
        shell.say("ECHO asked");
        return shell.output().find(line) != std::string::npos;
      },
      50ms);
  INFO(shell.output());
  REQUIRE(told);
  auto before = shell.output().size();
  shell.say("ECHO told-once");
  shell.wait_for("told-once\n", before);
  const auto all = shell.output();
  CHECK(all.find("new_primary=" + cluster.node(3).id.substr(0, 8)) != std::string::npos);
  CHECK(all.find("dbrestart", all.find("dbrestart") + 1) == std::string::npos);
  CHECK(all.find("topology_changed version=g1.e") != std::string::npos);
  before = all.size();
  shell.say("!topology");
  shell.wait_for("16384 of 16384 partitions have an owner\n\nnode ", before);
  shell.wait_for(cluster.node(3).address(), before);
  shell.hang_up();
  CHECK(shell.exit_code() == 0);
  CHECK(shell.errors().empty());
}

TEST_CASE("a graceful failover: !events says that there was one, and then that nothing was lost") {
  lab::RedisCluster cluster;  // primaries 0 1 2, their replicas 3 4 5
  Dialogue shell(shell_of(cluster));
  shell.say("SET before 1");
  shell.wait_for("OK\n");
  cluster.failover(4);
  const bool told = lab::wait_until(
      patience,
      [&] {
        shell.say("!events");
        return shell.output().find("loss_known partitions=5461-10921 loss=none ") != std::string::npos;
      },
      50ms);
  INFO(shell.output());
  REQUIRE(told);
  CHECK(shell.output().find("dbrestart cause=failover partitions=5461-10921 ") != std::string::npos);
  shell.hang_up();
  CHECK(shell.exit_code() == 0);
}

TEST_CASE("messages on channels are printed when they come, until UNSUBSCRIBE") {
  lab::RedisCluster cluster({.replicas_per_primary = 0});
  Dialogue shell(shell_of(cluster));
  shell.say("SUBSCRIBE news \"two words\"");
  shell.wait_for("subscribe\nnews\n1\nsubscribe\ntwo words\n2\n");
  const auto publish = [&](const std::string& text) {
    return [&, text] {
      cluster.client(0).demand({"PUBLISH", "news", text});
      return shell.output().find("message\nnews\n" + text + "\n") != std::string::npos;
    };
  };
  REQUIRE(lab::wait_until(patience, publish("from elsewhere"), 20ms));  // while nothing is typed
  // A message is told once, and none while the subscription moves away from a node that was late to answer: it is
  // published until it is heard.
  const auto publish_until_heard = [&](const std::string& typed, const std::string& heard) {
    const auto before = shell.output().size();
    const auto told = [&] {
      shell.say("PUBLISH \"two words\" " + typed);
      return shell.output().find("message\ntwo words\n" + heard + "\n", before) != std::string::npos;
    };
    REQUIRE(lab::wait_until(patience, told, 50ms));
  };
  publish_until_heard("\"line\\nline\"", "line\nline");
  shell.say("UNSUBSCRIBE news");
  shell.wait_for("unsubscribe\nnews\n1\n");
  shell.say("PUBLISH news unheard");
  publish_until_heard("heard", "heard");
  CHECK(shell.output().find("unheard") == std::string::npos);
  shell.say("UNSUBSCRIBE");
  shell.wait_for("unsubscribe\ntwo words\n0\n");
  shell.say("!quit");
  CHECK(shell.exit_code() == 0);
}

TEST_CASE("without a topology each seed's reason stands on one line, and the exit status is 3") {
  const auto ports = lab::lease_ports(1);  // reserved, and nobody listens
  const auto nobody = "127.0.0.1:" + std::to_string(ports[0].number());
  const auto silent = said_to({DBHA_PROGRAM, "shell", "--seeds", nobody, "--timeout", "300"}, "PING\n");
  CHECK(silent.exit_code == 3);
  CHECK(silent.output.empty());
  CHECK(silent.errors == "dbha: no topology within 300 ms: " + nobody + ": connection refused\n");

  lab::RedisCluster plain({.primaries = 1, .replicas_per_primary = 0, .cluster_enabled = false});
  const auto seeds = plain.node(0).address() + "," + nobody + ",nowhere.invalid:7000";
  const auto wrong = said_to({DBHA_PROGRAM, "shell", "--seeds", seeds, "--timeout", "1500"}, "");
  INFO(wrong.errors);
  CHECK(wrong.exit_code == 3);
  CHECK(wrong.errors.find(plain.node(0).address() + ": is not in cluster mode") != std::string::npos);
  CHECK(wrong.errors.find(nobody + ": connection refused") != std::string::npos);
  CHECK(wrong.errors.find("; nowhere.invalid:7000: ") != std::string::npos);
  CHECK(wrong.errors.find("nowhere.invalid:7000: no answer") == std::string::npos);
  plain.stop(0);
  const auto stopped = said_to({DBHA_PROGRAM, "shell", "--seeds", plain.node(0).address(), "--timeout", "1500"}, "");
  CHECK(stopped.errors ==
        "dbha: no topology within 1500 ms: " + plain.node(0).address() + ": connected, but no reply within 1000 ms\n");
  plain.resume(0);

  const auto bad = said_to({DBHA_PROGRAM, "shell", "--seeds", "127.0.0.1"}, "");
  CHECK(bad.exit_code == 2);
  CHECK(bad.errors.find("'127.0.0.1'") != std::string::npos);
  for (const Lines& argv :
       std::vector<Lines>{{}, {"--seeds", nobody, "-c", "x.toml"}, {"--seeds", nobody, "--log", "loud"}}) {
    Lines all{DBHA_PROGRAM, "shell"};
    all.insert(all.end(), argv.begin(), argv.end());
    CHECK(said_to(all, "").exit_code == 2);
  }
}

TEST_CASE("a file with a detector makes the shell that process, one without makes it one more of its fleet") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(northbound_file());
  site.write(southbound_file("sb-1"));
  const auto shell_c = [&](const std::string& name, const Lines& more = {}) {
    Lines out{DBHA_PROGRAM, "shell", "-c", site.config_of(name)};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  };
  const auto alone = said_to(shell_c("sb-1", {"--timeout", "200"}), "SET k v\n");
  CHECK(alone.exit_code == 3);
  CHECK(alone.errors == "dbha: no topology within 200 ms: no detector has answered yet\n");

  {
    // The detector's user may not SET.
    const auto north = said_to(shell_c("nb"), "PING\n");
    CHECK(north.exit_code == 0);
    CHECK(north.output == "PONG\n");
    CHECK(std::filesystem::exists(site.state_dir_of("nb")));
  }
  DbhaProcess northbound(site, "nb");
  northbound.wait_for_problem("");
  DbhaProcess southbound(site, "sb-1");
  southbound.wait_for_problem("");
  const auto guest = said_to(shell_c("sb-1"), "SET k v\nGET k\n!events\n");
  CHECK(guest.exit_code == 0);
  CHECK(guest.output == "OK\nv\n");
  CHECK(guest.errors.empty());
  CHECK(southbound.problem().empty());  // it still has its socket, its name and its state
  const auto twice = said_to(shell_c("nb"), "PING\n");
  INFO(twice.errors);
  CHECK(twice.exit_code == 2);
  CHECK(twice.errors.find("is another process of this name running?") != std::string::npos);
  southbound.must_end_when_asked();
  northbound.must_end_when_asked();
  CHECK(site.files_with_a_secret() == Lines{});
}

TEST_CASE("a terminal has a prompt and the human form, and Ctrl-C ends the call that waits, Ctrl-D the shell") {
  lab::RedisCluster cluster({.replicas_per_primary = 0});
  std::string command = "exec";  // else a Ctrl-C ends the terminal's sh too, where that is one that forks
  for (const auto& word : shell_of(cluster)) command += ' ' + word;
  Dialogue shell({"script", "-qec", command, "/dev/null"});
  const std::string prompt = cluster.node(0).address() + " (3 primaries)> ";
  shell.wait_for(prompt);
  const std::string key = lab::key_in(0, 5460);
  const auto ask = [&](const std::string& line, const std::string& answer) {
    const auto before = shell.output().size();
    shell.say(line);
    shell.wait_for(line + "\r\n" + answer + "\r\n", before);  // behind what the terminal echoes
  };
  ask("SET " + key + " 'a b'", "OK");
  ask("GET " + key, "\"a b\"");
  ask("EVAL \"return {1,{'x',false}}\" 0", "1) (integer) 1\r\n2) 1) \"x\"\r\n   2) (nil)");
  ask("MULTI", "OK");
  shell.wait_for(cluster.node(0).address() + " (3 primaries, multi)> ");
  ask("DISCARD", "OK");
  shell.wait_for("DISCARD\r\nOK\r\n" + prompt);

  cluster.stop(0);
  // The terminal echoes a line before the shell has read it, and a Ctrl-C that comes in between drops it.
  const auto ended_a_call = [&] {
    const auto before = shell.output().size();
    shell.say("SET " + key + " later");
    shell.wait_for("later", before);
    shell.type("\x03");
    shell.wait_for(prompt, before);
    return shell.output().find("(un", before) != std::string::npos;  // unknown-outcome, or unavailable: not sent yet
  };
  REQUIRE(lab::wait_until(patience, ended_a_call));
  cluster.resume(0);
  ask("GET " + lab::key_in(5461, 10921), "(nil)");
  shell.type("\x04");
  CHECK(shell.exit_code() == 0);
  shell.check_nothing_left();
}

TEST_CASE("each command ends by its deadline, and a signal, or nobody who reads, ends the shell and leaves nothing") {
  lab::RedisCluster cluster({.replicas_per_primary = 0});
  Dialogue shell(shell_of(cluster, {"--deadline", "200"}));
  const std::string key = lab::key_in(0, 5460);
  shell.say("SET " + key + " v");
  shell.wait_for("OK\n");
  cluster.stop(0);
  shell.say("SET " + key + " w");
  shell.wait_for("no answer within 200 ms");
  CHECK(lines_of(shell.output()).at(1).starts_with("("));
  shell.interrupt(SIGINT);
  CHECK(shell.exit_code() == 130);
  shell.check_nothing_left();
  cluster.resume(0);
  cluster.wait_ready();

  Dialogue slow(shell_of(cluster));
  slow.say("SET k v");
  slow.wait_for("OK\n");
  slow.say("!sleep 3600000");
  slow.interrupt(SIGTERM);
  CHECK(slow.exit_code() == 130);
  slow.check_nothing_left();

  std::string argv;
  for (const auto& word : shell_of(cluster)) argv += word + ' ';
  Dialogue unread({"bash", "-c", "set -o pipefail; " + argv + " | head -n 1"});
  const auto ended = [&] {
    unread.say("GET k");
    return !unread.running();
  };
  REQUIRE(lab::wait_until(patience, ended, 5ms));
  CHECK(unread.exit_code() == 1);
  CHECK(unread.errors().empty());
  unread.check_nothing_left();
}
