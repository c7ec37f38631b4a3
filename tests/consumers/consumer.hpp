#pragma once
/// What both programs need beside the embedding API: lines, the end, and what a mirror holds.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include <dbha/mirror.hpp>

namespace consumer {

/// One JSON object on a line of its own. Any thread.
inline void say(const nlohmann::json& line) {
  const auto text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

/// SIGTERM and SIGINT, waited for instead of suffered. Made before any thread, so that every thread leaves them alone.
class End {
 public:
  End() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  /// Waits for so long; true as soon as one has come.
  bool comes_within(std::chrono::nanoseconds time) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timespec wait{seconds.count(), (time - seconds).count()};
    return sigtimedwait(&signals_, nullptr, &wait) > 0;
  }

 private:
  sigset_t signals_{};
};

/// All that a mirror holds, as two numbers: equal where the same entries are in the same versions.
struct Contents {
  std::uint64_t entries = 0;
  std::uint64_t digest = 0;
};

inline Contents contents_of(dbha::Mirror& mirror) {
  Contents out;
  const auto found = mirror.scan({}, [&out](const dbha::Entry& entry) {
    const auto& [table, topic, key] = entry.name;
    const auto text = table + '\0' + topic + '\0' + key + '\0' + std::to_string(entry.version) + '\0' + entry.value;
    ++out.entries;
    out.digest += std::hash<std::string>{}(text);  // a sum: in whatever order they come
    return true;
  });
  if (!found.ok) throw std::runtime_error(found.reason);
  return out;
}

}  // namespace consumer
