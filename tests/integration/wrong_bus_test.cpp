// Others on the bus, and on the endpoints of a process.

#include <random>

#include <zmq.hpp>

#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

std::string random_bytes(std::size_t most) {
  static std::mt19937 random(1);  // the same rubbish in each run
  std::string out(1 + random() % most, ' ');
  for (char& c : out) c = static_cast<char>(2 + random() % 254);  // 0 and 1 would be a subscription
  return out;
}

void send(zmq::socket_t& socket, const std::vector<std::string>& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i)
    socket.send(zmq::buffer(frames[i]),
                zmq::send_flags::dontwait | (i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none));
}

/// Answers whoever says hello with rubbish.
void answer_hellos(zmq::socket_t& router) {
  std::vector<zmq::message_t> frames(1);
  while (router.recv(frames.back(), zmq::recv_flags::dontwait)) {
    if (frames.back().more()) {
      frames.emplace_back();
      continue;
    }
    send(router, {frames.front().to_string(), random_bytes(200), random_bytes(200), random_bytes(200)});
    frames = std::vector<zmq::message_t>(1);
  }
}

zmq::socket_t open(zmq::context_t& context, zmq::socket_type type) {
  zmq::socket_t socket(context, type);
  socket.set(zmq::sockopt::linger, 0);
  return socket;
}

std::uint64_t garbage_in(const DbhaProcess& process) {
  const auto status = process.status();
  return status.is_null() ? 0 : status.at("controller").at("garbage").get<std::uint64_t>();
}

}  // namespace

TEST_CASE(
    "a controller hears garbage: it counts it, ends when asked, and follows a detector that comes to that place") {
  lab::RedisCluster cluster(with_users({.primaries = 1, .replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(southbound_file("sb-1"));
  site.write(southbound_file("sb-2"));
  site.write(northbound_file());
  DbhaProcess stays(site, "sb-1");
  DbhaProcess ends(site, "sb-2");
  {
    zmq::context_t context;
    auto publisher = open(context, zmq::socket_type::pub);
    auto router = open(context, zmq::socket_type::router);
    publisher.bind(site.publish());
    router.bind(site.control());
    const auto talk_rubbish = [&] {
      send(publisher, {"HA/site/", random_bytes(300)});
      send(publisher, {"HA/site/", random_bytes(300), random_bytes(10)});
      send(publisher, {"HA/site/"});
      send(publisher, {"HA/site/other", random_bytes(300)});
      answer_hellos(router);
      return garbage_in(stays) >= 100 && garbage_in(ends) >= 100;
    };
    CHECK(lab::wait_until(patience, talk_rubbish, 5ms));
    CHECK(stays.log().find("bus_garbage") != std::string::npos);
    ends.must_end_when_asked();
  }
  DbhaProcess detector(site, "nb");
  stays.wait_for_problem("");
  stays.must_end_when_asked();
}

TEST_CASE("a detector hears garbage on both endpoints, and goes on") {
  lab::RedisCluster cluster(with_users());
  Fleet fleet(cluster, {.processes = 0, .embedded = 1});
  zmq::context_t context;
  auto upstream = open(context, zmq::socket_type::xsub);
  auto hello = open(context, zmq::socket_type::dealer);
  upstream.connect(fleet.site().publish());
  hello.connect(fleet.site().control());
  const auto talk_rubbish = [&] {
    send(upstream, {random_bytes(300)});
    send(upstream, {random_bytes(300), random_bytes(300)});
    send(hello, {random_bytes(300)});
    send(hello, {random_bytes(10), random_bytes(10)});
    return fleet.northbound().log().find("bus_garbage") != std::string::npos;
  };
  CHECK(lab::wait_until(patience, talk_rubbish, 5ms));
  cluster.failover(3);
  fleet.wait_for_owner(0, 3);
  fleet.check_routing();
  fleet.northbound().must_end_when_asked();
}

TEST_CASE("a bus endpoint in use ends the second process with its name, and the first one goes on") {
  const Site site = site_without_database();
  site.write(northbound_file());
  DbhaProcess first(site, "nb");
  first.wait_for_problem("the detector is degraded");
  ProcessFile file = northbound_file();
  file.name = "second";
  const auto second = run_dbha(site, {"run", "-c", site.write(file)});
  INFO(second.output);
  CHECK(second.exit_code == 2);
  CHECK(second.says("cannot listen on " + site.publish() + ": "));
  CHECK(second.says("is another detector running here?"));

  const auto other = lab::lease_ports(1);
  file.publish = "tcp://127.0.0.1:" + std::to_string(other[0].number());
  const auto third = run_dbha(site, {"run", "-c", site.write(file)});
  CHECK(third.exit_code == 2);
  CHECK(third.says("cannot listen on " + site.control() + ": "));
  first.wait_for_problem("the detector is degraded");
  first.must_end_when_asked();
}

TEST_CASE(
    "a second process on the admin endpoint or the state of a running one is refused, and the first one goes on") {
  const Site site = site_without_database();
  site.write(southbound_file("sb-1"));
  DbhaProcess first(site, "sb-1");
  first.wait_for_problem("the controller has no topology");
  ProcessFile file = southbound_file("other");
  file.admin = site.admin_of("sb-1");
  const auto same_admin = run_dbha(site, {"run", "-c", site.write(file)});
  INFO(same_admin.output);
  CHECK(same_admin.exit_code == 2);
  CHECK(same_admin.says(site.admin_of("sb-1")));

  const auto same_state = run_dbha(site, {"run", "-c", site.config_of("sb-1")});
  INFO(same_state.output);
  CHECK(same_state.exit_code == 2);
  CHECK(same_state.says("is another process of this name running?"));
  first.wait_for_problem("the controller has no topology");
  first.must_end_when_asked();

  // Nothing of a process that was killed is in the way of its next life.
  DbhaProcess killed(site, "sb-1");
  killed.wait_for_problem("the controller has no topology");
  killed.kill();
  DbhaProcess next(site, "sb-1");
  next.wait_for_problem("the controller has no topology");
  next.must_end_when_asked();
}
