// Connections to a real redis-server by TLS.
#include <numeric>

#include "heard.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/wait.hpp"
#include "redis/tls_context.hpp"
#include "run_until.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/scripted_redis.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::redis;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// A single server that knows no cluster.
lab::RedisCluster server(std::vector<std::string> conf_lines = {}) {
  lab::RedisCluster::Options options;
  options.primaries = 1;
  options.replicas_per_primary = 0;
  options.cluster_enabled = false;
  options.tls = true;
  options.conf_lines = std::move(conf_lines);
  return lab::RedisCluster(options);
}

using Texts = GivenOptions::Values<std::string>;

/// What a client of the server needs.
Texts trusting(const lab::RedisCluster& node) {
  const auto files = node.authority().issue({.name = "app"});
  return {{"tls_ca_file", node.authority().file()}, {"tls_cert_file", files.certificate}, {"tls_key_file", files.key}};
}

struct Bench {
  EpollLoop loop;
  Heard heard;
  Told told;
  std::unique_ptr<const TlsContext> tls;
  std::unique_ptr<Connection> connection;

  void open(Endpoint endpoint, const Texts& options, Duration connect_timeout = 5s) {
    tls = read_tls(GivenOptions(options, {{"tls", true}}));
    open_with({.credentials = nullptr, .tls = tls.get(), .connect_timeout = connect_timeout}, std::move(endpoint));
  }
  void open_with(const Access& access, Endpoint endpoint) {
    Connection::Settings settings{.endpoint = std::move(endpoint), .access = access, .client_name = "test"};
    connection = std::make_unique<Connection>(loop, settings, heard);
    REQUIRE(run_until(loop, [&] { return heard.up + heard.closed == 1; }));
  }
  /// "up", or how it ended.
  std::string outcome() const { return heard.up ? "up" : std::string(text_of(heard.reason)) + ": " + heard.detail; }
  bool until_told(std::size_t count) {
    return run_until(
        loop, [&] { return told.all.size() >= count; }, 30s);
  }
};

Endpoint endpoint_of(const lab::RedisCluster& node, const std::string& host = "127.0.0.1") {
  return {host, node.node(0).port};
}

std::string outcome(const Endpoint& endpoint, const Texts& options) {
  Bench bench;
  bench.open(endpoint, options);
  return bench.outcome();
}

/// The client "test" has asked for a value, and the kernel has taken all of it.
bool sent_all(const std::string& clients, const std::string& verb) {
  const auto at = clients.find(" name=test ");
  const auto line = clients.substr(at, clients.find('\n', at) - at);
  return line.find(" cmd=" + verb + " ") != std::string::npos && line.find(" obl=0 oll=0 ") != std::string::npos;
}

/// Different everywhere, so that bytes that are lost, doubled or out of order are seen.
std::string long_value(std::size_t size) {
  std::string value(size, 0);
  std::uint32_t state = 1;
  for (char& c : value) c = static_cast<char>('a' + (state = state * 1664525 + 1013904223) % 26);
  return value;
}

}  // namespace

TEST_CASE("a node is reached by TLS, by its address and by its name") {
  const auto node = server();
  CHECK(outcome(endpoint_of(node), trusting(node)) == "up");
  CHECK(outcome(endpoint_of(node, "localhost"), trusting(node)) == "up");
  auto options = trusting(node);
  options["tls_server_name"] = "localhost";
  CHECK(outcome(endpoint_of(node), options) == "up");
}

TEST_CASE("a certificate of an authority that is not trusted is refused") {
  const auto node = server();
  const TempFolder folder;
  const lab::CertificateAuthority stranger(folder.path(), "stranger");
  auto options = trusting(node);
  options["tls_ca_file"] = stranger.file();
  CHECK(outcome(endpoint_of(node), options) ==
        "tls: certificate verify failed: self-signed certificate in certificate chain");
  options["tls_ca_file"] = "";  // the system's authorities do not know it either
  CHECK(outcome(endpoint_of(node), options) ==
        "tls: certificate verify failed: self-signed certificate in certificate chain");
}

TEST_CASE("a certificate for another name or address is refused") {
  const auto node = server();
  auto options = trusting(node);
  options["tls_server_name"] = "db.example";
  CHECK(outcome(endpoint_of(node), options) ==
        "tls: certificate verify failed: hostname mismatch: expected 'db.example'");
  options["tls_server_name"] = "127.0.0.2";
  CHECK(outcome(endpoint_of(node), options) ==
        "tls: certificate verify failed: IP address mismatch: expected '127.0.0.2'");
}

TEST_CASE("an address is not looked for among the names of a certificate") {
  const TempFolder folder;
  const lab::CertificateAuthority authority(folder.path());
  const auto files = authority.issue({.name = "named", .addresses = {}, .hosts = {"127.0.0.1", "localhost"}});
  const auto node = server({"tls-cert-file " + files.certificate.string(), "tls-key-file " + files.key.string()});
  auto options = trusting(node);
  options["tls_ca_file"] = authority.file();
  CHECK(outcome(endpoint_of(node), options) ==
        "tls: certificate verify failed: IP address mismatch: expected '127.0.0.1'");
  CHECK(outcome(endpoint_of(node, "localhost"), options) == "up");
}

TEST_CASE("an expired certificate is refused") {
  const TempFolder folder;
  const lab::CertificateAuthority authority(folder.path());
  const auto files = authority.issue({.name = "old", .expired = true});
  const auto node = server({"tls-cert-file " + files.certificate.string(), "tls-key-file " + files.key.string()});
  auto options = trusting(node);
  options["tls_ca_file"] = authority.file();
  CHECK(outcome(endpoint_of(node), options) == "tls: certificate verify failed: certificate has expired");
}

TEST_CASE("a node that wants a certificate refuses a client without one, in TLS 1.3 and 1.2") {
  const std::string protocol = GENERATE("TLSv1.3", "TLSv1.2");
  const auto node = server({"tls-protocols " + protocol});
  CHECK(outcome(endpoint_of(node), trusting(node)) == "up");
  CHECK(outcome(endpoint_of(node), {{"tls_ca_file", node.authority().file()}}) ==
        (protocol == "TLSv1.3" ? "tls: tlsv13 alert certificate required" : "tls: sslv3 alert handshake failure"));
}

TEST_CASE("values of several MB pass both ways, with many calls behind them") {
  const std::string protocol = GENERATE("TLSv1.3", "TLSv1.2");
  const auto node = server({"tls-protocols " + protocol});
  Bench bench;
  bench.open(endpoint_of(node), trusting(node));
  REQUIRE(bench.outcome() == "up");
  const std::string value = long_value(7'000'001);
  for (int i = 0; i < 3; ++i) bench.connection->send({"SET", "k" + std::to_string(i), value}, bench.told.handler());
  for (int i = 0; i < 1000; ++i) bench.connection->send({"ECHO", std::to_string(i)}, bench.told.handler());
  for (int i = 0; i < 3; ++i) bench.connection->send({"GET", "k" + std::to_string(i)}, bench.told.handler());
  REQUIRE(bench.until_told(1006));
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(bench.told.all[i].second.text == "OK");
    CHECK((bench.told.all[1003 + i].second.text == value));
  }
  for (std::size_t i = 0; i < 1000; ++i) CHECK(bench.told.all[3 + i].second.text == std::to_string(i));
}

TEST_CASE("a reply that OpenSSL holds already is taken although the socket has nothing more") {
  const auto node = server();
  auto admin = node.client(0);
  Bench bench;
  bench.open(endpoint_of(node), trusting(node));
  const auto get = [&](std::size_t size, const std::string& verb) {
    admin.demand({"SET", "k", std::string(size, 'x')});
    bench.told.all.clear();
    bench.connection->send(std::vector<std::string>{verb, "k"}, bench.told.handler());
    for (int i = 0; i < 2; ++i) bench.loop.turn(1ms);  // it is written
    REQUIRE(lab::wait_until(10s, [&] { return sent_all(admin.demand({"CLIENT", "LIST"}).text, verb); }));
    REQUIRE(bench.until_told(1));
    CHECK(bench.told.all[0].second.text.size() == size);
  };
  bench.connection->send({"SET", "long", std::string(30'000'000, 'x')}, bench.told.handler());
  bench.connection->send({"GET", "long"}, bench.told.handler());
  REQUIRE(bench.until_told(2));  // from now on the kernel takes more for us than one turn reads
  for (std::size_t more = 1; more < 20; ++more) get(4 * 65536 + 100 * more, more % 2 == 0 ? "get" : "getdel");
}

TEST_CASE("a request that OpenSSL has encrypted cannot be withdrawn, and one behind it leaves no trace") {
  auto node = server();
  Bench bench;
  bench.open(endpoint_of(node), trusting(node));
  node.stop(0);
  std::vector<Connection::RequestId> ids;
  for (int i = 0; i < 400; ++i) {
    ids.push_back(bench.connection->send({"SET", "k" + std::to_string(i), long_value(50'000)}, bench.told.handler()));
  }
  settle(bench.loop);  // until the kernel takes no more
  std::size_t withdrawn = 0;
  for (const auto id : ids) withdrawn += bench.connection->withdraw(id) ? 1U : 0U;
  CHECK(withdrawn > 0);
  CHECK(withdrawn < ids.size());
  bench.connection->send({"DBSIZE"}, bench.told.handler());
  node.resume(0);
  REQUIRE(bench.until_told(ids.size() - withdrawn + 1));
  CHECK(bench.heard.closed == 0);
  const auto stored = bench.told.all.back().second.integer;
  CHECK(stored == static_cast<std::int64_t>(ids.size() - withdrawn));
}

TEST_CASE("a node that accepts and never answers the handshake ends by connect_timeout") {
  Bench bench;
  ScriptedRedis silent(bench.loop);
  silent.stall();
  bench.open(silent.endpoint(), {}, 50ms);
  CHECK(bench.outcome() == "timeout: connected, but no TLS handshake within 50 ms: does it speak TLS?");
}

TEST_CASE("a TLS client at a plain port, and a plain client at a TLS port, are told what it is") {
  const auto node = server();
  const Endpoint plain{"127.0.0.1", node.admin_port(0)};
  Bench waiting;  // Redis waits for the end of what it takes for a command
  waiting.open(plain, trusting(node), 50ms);
  CHECK(waiting.outcome() == "timeout: connected, but no TLS handshake within 50 ms: does it speak TLS?");
  Bench answered;
  ScriptedRedis answering(answered.loop);
  answering.refuse_with("-ERR Protocol error\r\n");
  answered.open(answering.endpoint(), {});
  CHECK(answered.outcome() == "tls: wrong version number: what answers there does not speak TLS");

  Bench bench;
  bench.open_with({}, endpoint_of(node));
  CHECK(bench.outcome().starts_with("lost: "));
  CHECK(bench.heard.detail.starts_with("no reply, perhaps it expects TLS: "));

  Bench other;
  ScriptedRedis alerting(other.loop);
  alerting.refuse_with({"\x15\x03\x03\x00\x02\x02\x46", 7});
  other.open_with({}, alerting.endpoint());
  CHECK(other.heard.reason == CloseReason::protocol);
  CHECK(other.heard.detail.ends_with(": this is TLS"));
}

TEST_CASE("a node that closes in the handshake is lost, not misconfigured") {
  Bench bench;
  ScriptedRedis node(bench.loop);
  node.answer([](const auto&) { return std::nullopt; });
  bench.tls = read_tls(GivenOptions({}, {{"tls", true}}));
  bench.connection = std::make_unique<Connection>(
      bench.loop,
      Connection::Settings{.endpoint = node.endpoint(), .access = {.tls = bench.tls.get()}, .client_name = "test"},
      bench.heard);
  REQUIRE(run_until(bench.loop, [&] { return node.clients() == 1; }));
  node.close_clients();
  REQUIRE(run_until(bench.loop, [&] { return bench.heard.closed == 1; }));
  CHECK(bench.heard.reason == CloseReason::lost);
  CHECK(bench.heard.detail.ends_with(" during the TLS handshake"));
}

TEST_CASE("a node that is killed has closed, whatever TLS would have it say before") {
  auto node = server();
  Bench bench;
  bench.open(endpoint_of(node), trusting(node));
  node.stop(0);
  bench.connection->send({"GET", "k"}, bench.told.handler());
  settle(bench.loop);
  node.kill(0);
  REQUIRE(run_until(bench.loop, [&] { return bench.heard.closed == 1; }));
  CHECK(bench.heard.reason == CloseReason::lost);
  CHECK((bench.heard.detail == "closed by the node" || bench.heard.detail == "Connection reset by peer"));
  REQUIRE(bench.told.all.size() == 1);
  CHECK(bench.told.all[0].first == Fate::written);
}
