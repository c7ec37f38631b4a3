// The socket on which programs hear events.

#include <future>
#include <thread>

#include <dbha_bus/event_socket.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.hpp>

#include <dbha/error.hpp>

#include "loop/epoll_loop.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::bus;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// A process that answers each message with "you said ...", on a thread of its own.
class Served {
 public:
  explicit Served(std::string endpoint)
      : socket_(std::make_unique<EventSocket>(context_, loop_, endpoint,
                                              [this](const std::string& peer, std::string_view message) {
                                                peer_ = peer;
                                                socket_->send(peer, "you said " + std::string(message));
                                              })),
        thread_([this] { loop_.run(); }) {}
  ~Served() {
    loop_.stop();
    thread_.join();
  }

  /// To whoever spoke last, on the loop thread.
  EventSocket::Sent send(const std::string& message) {
    std::promise<EventSocket::Sent> sent;
    loop_.post([&] { sent.set_value(socket_->send(peer_, message)); });
    return sent.get_future().get();
  }

 private:
  Context context_;
  EpollLoop loop_;
  std::string peer_;
  std::unique_ptr<EventSocket> socket_;
  std::thread thread_;
};

/// A program, without any code of this project.
class Program {
 public:
  explicit Program(const std::string& endpoint, zmq::socket_type type = zmq::socket_type::dealer)
      : socket_(context_, type) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 10'000);
    socket_.connect(endpoint);
  }
  void send(const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i)
      socket_.send(zmq::buffer(frames[i]), i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  /// The last frame of the next message.
  std::string receive() {
    zmq::message_t frame;
    do
      if (!socket_.recv(frame)) return "nothing";
    while (frame.more());
    return frame.to_string();
  }
  std::string ask(const std::string& message) {
    send({message});
    return receive();
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

struct Place {
  test::TempFolder folder;
  std::string endpoint = "ipc://" + (folder.path() / "events").string();
};

}  // namespace

TEST_CASE("programs are heard, each by its own connection, and can be told something at any time") {
  const Place place;
  Served served(place.endpoint);
  Program one(place.endpoint);
  Program two(place.endpoint);
  CHECK(one.ask("a") == "you said a");
  CHECK(two.ask("b") == "you said b");
  CHECK(served.send("an event") == EventSocket::Sent::yes);
  CHECK(two.receive() == "an event");
  CHECK(one.ask("c") == "you said c");
}

TEST_CASE("the file of the event socket belongs to its user alone, and goes with the process") {
  const Place place;
  const auto before = umask(0);
  {
    const Served served(place.endpoint);
    struct stat file {};
    REQUIRE(stat((place.folder.path() / "events").c_str(), &file) == 0);
    CHECK((file.st_mode & 07777) == 0600);
  }
  umask(before);
  CHECK(std::filesystem::is_empty(place.folder.path()));
}

TEST_CASE("an event socket that cannot be used is refused with its reason") {
  const Place place;
  const Served served(place.endpoint);
  const auto error_of = [](const std::string& endpoint) -> std::string {
    try {
      const Served second(endpoint);
    } catch (const StartError& e) {
      return e.what();
    }
    return "no error";
  };
  CHECK_THAT(error_of(place.endpoint), Contains("a process listens there; already running?"));
  CHECK_THAT(error_of("tcp://127.0.0.1:5000"), Contains("expected ipc://PATH"));
}

TEST_CASE("a program that is gone is known as gone when it is told something") {
  const Place place;
  Served served(place.endpoint);
  {
    Program program(place.endpoint);
    REQUIRE(program.ask("a") == "you said a");
  }
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  auto sent = EventSocket::Sent::yes;
  while (sent == EventSocket::Sent::yes && std::chrono::steady_clock::now() < deadline) sent = served.send("x");
  CHECK(sent == EventSocket::Sent::gone);
}

TEST_CASE("a program that does not read is known as such, and neither blocks the process nor makes it grow") {
  const Place place;
  Served served(place.endpoint);
  Program program(place.endpoint);
  REQUIRE(program.ask("a") == "you said a");
  const std::string message(10'000, 'x');
  int sent = 0;
  while (sent < 100'000 && served.send(message) == EventSocket::Sent::yes) ++sent;
  CHECK(sent < 10'000);
  Program other(place.endpoint);
  CHECK(other.ask("b") == "you said b");
}

TEST_CASE("messages of another shape are answered with what was expected, and ones that are too long with nothing") {
  const Place place;
  Served served(place.endpoint);
  Program requester(place.endpoint, zmq::socket_type::req);
  CHECK_THAT(requester.ask("a"), Contains("expected a message of one frame from a DEALER socket"));
  Program dealer(place.endpoint);
  dealer.send({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"});
  CHECK_THAT(dealer.receive(), Contains("expected a message of one frame"));
  Program large(place.endpoint);
  large.send({std::string(1'000'000, 'x')});  // libzmq closes the connection
  Program good(place.endpoint);
  CHECK(good.ask("still there") == "you said still there");
  CHECK(good.ask("") == "you said ");
  CHECK(good.ask(std::string(60'000, 'y')).size() == 60'009);
}

TEST_CASE("bytes that are no ZeroMQ at all concern nobody") {
  const Place place;
  Served served(place.endpoint);
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100'000, '\xff'), std::string(64, '\0')}) {
    const int raw = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (place.folder.path() / "events").string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(connect(raw, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::send(raw, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    close(raw);
  }
  Program good(place.endpoint);
  CHECK(good.ask("still there") == "you said still there");
}
