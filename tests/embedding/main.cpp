// An application that becomes a controller: it is told which of its data may be gone, and reads and writes the database
// without ever asking where a key lives.
//
//     dbha_embedding CONFIG      a file like conf/sb.toml

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <dbha/controller.hpp>
#include <dbha/error.hpp>

namespace {

using namespace std::chrono_literals;

/// Runs on a thread of its own, and may block. Here stands what the application does to write its data again.
bool write_again(const dbha::Event& event) {
  const auto& restart = std::get<dbha::DbRestart>(event);
  std::printf("dbrestart: %s of %llu partitions\n", dbha::text_of(restart.cause),
              static_cast<unsigned long long>(restart.partitions.size()));
  return true;  // done; false: deliver it again later
}

bool report(const char* what, const dbha::Result& result) {
  if (result.ok()) {
    std::printf("%s: %s, by %s\n", what, result.value.text.c_str(), result.node.text().c_str());
  } else {
    std::printf("%s failed: %s %s\n", what, result.detail.c_str(), result.value.text.c_str());
  }
  return result.ok();
}

int serve(const char* config) {
  const auto controller = dbha::Controller::open(config);
  const auto handler = controller->on("dbrestart", write_again);
  if (!controller->wait_ready(20s)) {
    std::fprintf(stderr, "no topology within 20 s: is the detector running? `dbha status -c %s` says more\n", config);
    return EXIT_FAILURE;
  }
  std::printf("ready with topology %s\n", controller->view().applied.text().c_str());
  // Sent twice, this SET does no harm: the controller may repeat it where no answer came.
  dbha::Call set{.key = "greeting", .args = {"SET", "greeting", "hello"}, .repeatable = true, .deadline = {}};
  dbha::Call get{.key = "greeting", .args = {"GET", "greeting"}, .repeatable = false, .deadline = 2s};
  const bool well =
      report("SET", controller->call(std::move(set)).get()) && report("GET", controller->call(std::move(get)).get());
  return well ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CONFIG\n", argv[0]);
    return 2;
  }
  try {
    return serve(argv[1]);
  } catch (const dbha::Error& e) {  // the file, a plugin or the machine says no: never "the database is down"
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
