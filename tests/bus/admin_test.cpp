// The local endpoint of the CLI.

#include <filesystem>
#include <future>
#include <thread>

#include <dbha_bus/admin.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dbha/error.hpp>

#include "loop/epoll_loop.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::bus;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct TempDir {
  test::TempFolder folder;
  std::string path = folder.path().string();
  std::string endpoint() const { return "ipc://" + path + "/admin.sock"; }
};

/// A process with an admin endpoint, on a thread of its own.
class Served {
 public:
  Served(const std::string& endpoint, AdminServer::Handler handler)
      : server_(std::make_unique<AdminServer>(context_, loop_, endpoint, std::move(handler))),
        thread_([this] { loop_.run(); }) {}
  ~Served() {
    loop_.stop();
    thread_.join();
  }

  /// Publishes the lines number first to last, as text, on the loop thread; returns when it is done.
  void publish(std::uint32_t stream, int first, int last) {
    std::promise<void> done;
    loop_.post([&] {
      for (int i = first; i <= last; ++i) server_->publish(stream, std::to_string(i));
      done.set_value();
    });
    done.get_future().get();
  }
  bool watched(std::uint32_t streams) {
    std::promise<bool> answer;
    loop_.post([&] { answer.set_value(server_->watched(streams)); });
    return answer.get_future().get();
  }

 private:
  Context context_;
  EpollLoop loop_;
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
};

std::string error_of(const std::string& endpoint) {
  EpollLoop loop;
  try {
    const AdminServer server(Context(), loop, endpoint, [](std::string_view) { return ""; });
  } catch (const StartError& e) {
    return e.what();
  }
  return "no error";
}

/// Answers "watch N" with streams N.
AdminAnswer watch_handler(std::string_view request) {
  if (!request.starts_with("watch ")) return "no watch";
  return {"watching", static_cast<std::uint32_t>(request.back() - '0')};
}

/// The next line that is no mere sign of life.
std::string next_line(AdminWatch& watch) {
  for (;;) {
    const auto line = watch.next(5s);
    if (!line) return "nothing";
    if (!line->empty()) return *line;
  }
}

}  // namespace

TEST_CASE("requests are answered, one after the other and from many callers at once") {
  const TempDir dir;
  const Served served(dir.endpoint(), [](std::string_view request) { return "you said " + std::string(request); });
  CHECK(admin_request(dir.endpoint(), "status", 5s) == "you said status");
  CHECK(admin_request(dir.endpoint(), "", 5s) == "you said ");
  CHECK(admin_request(dir.endpoint(), std::string(60000, 'x'), 5s)->size() == 60009);
  std::vector<std::optional<std::string>> answers(8);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < answers.size(); ++i)
    callers.emplace_back([&, i] { answers[i] = admin_request(dir.endpoint(), std::to_string(i), 5s); });
  for (auto& caller : callers) caller.join();
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i] == "you said " + std::to_string(i));
}

TEST_CASE("the socket file belongs to its user alone, whatever the umask, and goes with the process") {
  const TempDir dir;
  const auto before = umask(0);
  {
    const Served served(dir.endpoint(), [](std::string_view) { return ""; });
    struct stat file {};
    REQUIRE(stat((dir.path + "/admin.sock").c_str(), &file) == 0);
    CHECK((file.st_mode & 07777) == 0600);
    CHECK(S_ISSOCK(file.st_mode));
  }
  umask(before);
  CHECK(std::filesystem::is_empty(dir.path));
}

TEST_CASE("a living process keeps its endpoint, a dead one's is taken over") {
  const TempDir dir;
  {
    const Served served(dir.endpoint(), [](std::string_view) { return "mine"; });
    CHECK_THAT(error_of(dir.endpoint()), Contains(dir.endpoint() + ": a process listens there; already running?"));
    CHECK(admin_request(dir.endpoint(), "", 5s) == "mine");
  }
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {  // dies without removing its file
    EpollLoop loop;
    const AdminServer server(Context(), loop, dir.endpoint(), [](std::string_view) { return ""; });
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  REQUIRE(std::filesystem::exists(dir.path + "/admin.sock"));
  const Served served(dir.endpoint(), [](std::string_view) { return "new"; });
  CHECK(admin_request(dir.endpoint(), "", 5s) == "new");
}

TEST_CASE("another user is told that the endpoint is not his to use") {
  if (geteuid() != 0) return;  // only root can become another user
  const TempDir dir;
  std::filesystem::permissions(dir.path, std::filesystem::perms::all);
  const Served served(dir.endpoint(), [](std::string_view) { return "secret"; });
  REQUIRE(seteuid(65534) == 0);
  CHECK_THROWS_WITH(admin_request(dir.endpoint(), "", 5s), Contains("permission denied; ask as the user"));
  CHECK_THAT(error_of(dir.endpoint()), Contains("a socket file of another user is there"));
  REQUIRE(seteuid(0) == 0);
}

TEST_CASE("nobody there and no answer in time are no answer") {
  const TempDir dir;
  CHECK(admin_request(dir.endpoint(), "status", 5s) == std::nullopt);
  EpollLoop loop;  // does not turn: a process that hangs
  const AdminServer server(Context(), loop, dir.endpoint(), [](std::string_view) { return ""; });
  const auto before = std::chrono::steady_clock::now();
  CHECK(admin_request(dir.endpoint(), "status", 50ms) == std::nullopt);
  CHECK(std::chrono::steady_clock::now() - before >= 50ms);
}

TEST_CASE("an admin endpoint that cannot be used is refused with its reason") {
  const TempDir dir;
  CHECK_THAT(error_of("tcp://127.0.0.1:5000"), Contains("expected ipc://PATH"));
  CHECK_THAT(error_of("ipc://" + dir.path + "/none/admin.sock"),
             Contains("the folder " + dir.path + "/none does not exist; create it"));
  CHECK_THAT(error_of("ipc://" + dir.path + '/' + std::string(100, 'x')),
             Contains("bytes, a socket file's may have at most 107"));
  std::filesystem::create_directory(dir.path + "/admin.sock");
  CHECK_THAT(error_of(dir.endpoint()), Contains("a file is there that is no socket"));
  CHECK_THROWS_AS(admin_request("tcp://x:1", "", 1s), StartError);
}

TEST_CASE("a watcher hears the answer, then the lines of his streams, in order") {
  const TempDir dir;
  Served served(dir.endpoint(), watch_handler);
  AdminWatch news(dir.endpoint(), "watch 1");
  AdminWatch all(dir.endpoint(), "watch 3");
  AdminWatch none(dir.endpoint(), "something else");
  CHECK(next_line(news) == "watching");
  CHECK(next_line(all) == "watching");
  CHECK(next_line(none) == "no watch");
  served.publish(1, 1, 2);
  served.publish(2, 3, 3);
  served.publish(1, 4, 4);
  for (const char* line : {"1", "2", "4"}) CHECK(next_line(news) == line);
  for (const char* line : {"1", "2", "3", "4"}) CHECK(next_line(all) == line);
  CHECK(admin_request(dir.endpoint(), "status", 5s) == "no watch");  // others are served meanwhile
  CHECK(news.next(5s) == "");                                        // a sign of life
  CHECK_FALSE(none.next(1500ms));
}

TEST_CASE("a watcher that does not read is told how many lines it lost, and the process neither waits nor grows") {
  const TempDir dir;
  Served served(dir.endpoint(), watch_handler);
  AdminWatch slow(dir.endpoint(), "watch 1");
  REQUIRE(next_line(slow) == "watching");
  constexpr int lines = 100'000;
  const auto before = std::chrono::steady_clock::now();
  served.publish(1, 1, lines);
  CHECK(std::chrono::steady_clock::now() - before < 5s);

  int told = 0;  // the lines heard and those said to be lost, without a gap
  int heard = 0;
  while (told < lines) {
    const std::string line = next_line(slow);
    int lost = 0;
    if (std::sscanf(line.c_str(), "{\"lost\":%d}", &lost) == 1) {
      told += lost;
      continue;
    }
    REQUIRE(line == std::to_string(++told));
    ++heard;
  }
  CHECK(told == lines);
  CHECK(heard < lines / 2);  // what the queues of both sides and of the system hold
  served.publish(1, 7, 7);
  CHECK(next_line(slow) == "7");
}

TEST_CASE("watchers that are gone are forgotten, and no more than a bound are served") {
  const TempDir dir;
  Served served(dir.endpoint(), watch_handler);
  std::vector<std::unique_ptr<AdminWatch>> watches;
  for (std::size_t i = 0; i < AdminServer::most_watchers; ++i) {
    watches.push_back(std::make_unique<AdminWatch>(dir.endpoint(), "watch 1"));
    REQUIRE(next_line(*watches.back()) == "watching");
  }
  AdminWatch one_more(dir.endpoint(), "watch 1");
  CHECK_THAT(next_line(one_more), Contains("64 are watching already"));
  CHECK(served.watched(1));
  watches.clear();
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (served.watched(1) && std::chrono::steady_clock::now() < deadline) served.publish(2, 1, 1);
  CHECK_FALSE(served.watched(1));
  AdminWatch later(dir.endpoint(), "watch 1");
  CHECK(next_line(later) == "watching");
}

TEST_CASE("nobody to watch, and a process that ends, are seen as such") {
  const TempDir dir;
  CHECK_FALSE(AdminWatch(dir.endpoint(), "watch 1").connected());
  auto served = std::make_unique<Served>(dir.endpoint(), watch_handler);
  AdminWatch watch(dir.endpoint(), "watch 1");
  REQUIRE(watch.connected());
  REQUIRE(next_line(watch) == "watching");
  served.reset();
  const Served next_life(dir.endpoint(), watch_handler);
  CHECK_FALSE(watch.next(1500ms));  // the next process knows nothing of it, and does not pretend to
}
