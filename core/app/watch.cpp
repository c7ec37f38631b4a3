#include <csignal>
#include <cstdio>

#include <dbha_bus/admin.hpp>
#include <poll.h>

#include "ask.hpp"
#include "end_request.hpp"
#include "exit_status.hpp"
#include "watch_line.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// A process that watches over itself gives a sign of life each second.
constexpr Duration gone_after = 3s;
/// Between two looks at whether the process is back, or we are to end.
constexpr Duration look_again = 200ms;

class Follower {
 public:
  Follower(const WatchQuestion& question, const EndRequest& end)
      : question_(question), end_(end), endpoint_(endpoint_of(question.process)) {}

  int run() {
    for (bool said_gone = false; !end_.made();) {
      const bool came = follow();
      if (refused_) return not_well;
      if (end_.made()) break;
      if (came || !said_gone) say_gone();
      said_gone = true;
      if (question_.no_wait) return not_reached;
      poll(nullptr, 0, std::chrono::duration_cast<std::chrono::milliseconds>(look_again).count());
    }
    return end_.signal() == SIGINT ? interrupted : done;
  }

 private:
  /// Until the process is gone; returns whether it ever spoke.
  bool follow() {
    bus::AdminWatch watch(endpoint_, json{{"request", "watch"}, {"beats", question_.beats}}.dump());
    bool came = false;
    TimePoint heard = std::chrono::steady_clock::now();
    while (watch.connected() && !end_.made() && !refused_) {
      const auto line = watch.next(look_again);
      const auto now = std::chrono::steady_clock::now();
      if (line) {
        heard = now;
        came = true;
        if (!line->empty()) print(*line);
      } else if (now - heard >= gone_after) {
        break;
      }
    }
    return came;
  }

  void print(const std::string& text) {
    const json line = json::parse(text, nullptr, false);
    if (!line.is_object() || line.contains("error")) {
      refused_ = true;
      std::fprintf(stderr, "dbha: %s cannot be watched: %s\n", endpoint_.c_str(), text.c_str());
      return;
    }
    put(question_.process.json ? text : watch_line(line));
  }

  void say_gone() const {
    if (question_.process.json) return put(json{{"what", "gone"}, {"endpoint", endpoint_}}.dump());
    std::fprintf(stderr, "dbha: nobody answers at %s%s\n", endpoint_.c_str(),
                 question_.no_wait ? "" : "; waiting for it");
  }

  /// At once, also through a pipe: it is read as it happens.
  static void put(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  const WatchQuestion& question_;
  const EndRequest& end_;
  std::string endpoint_;
  bool refused_ = false;
};

}  // namespace

int watch(const WatchQuestion& question) {
  const EndRequest end;
  return Follower(question, end).run();
}

}  // namespace dbha::app
