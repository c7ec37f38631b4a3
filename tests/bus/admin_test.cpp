// The local endpoint of the CLI.

#include <filesystem>
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
