#pragma once
/// The local endpoint by which the CLI asks a running process. Whoever may open the socket file may also reset and
/// resync, so the file belongs to the process's user alone (mode 0600), and there is no other way in.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <dbha_bus/context.hpp>

#include <dbha/event_loop.hpp>

namespace dbha::bus {

/// What a handler answers, and what the asker is to hear from then on.
struct AdminAnswer {
  AdminAnswer(std::string answer, std::uint32_t hears = 0) : text(std::move(answer)), streams(hears) {}
  AdminAnswer(const char* answer) : text(answer) {}
  std::string text;
  std::uint32_t streams = 0;  ///< one bit each, by agreement of handler and publish(); 0: this was no request to watch
};

/// Answers requests with what the handler returns; both are opaque text here (JSON, by agreement of its two ends). Who
/// asked to watch is sent a line for each publish() after the answer, and each second an empty one as a sign of life.
class AdminServer {
 public:
  /// Runs on the loop thread; must not throw and not block.
  using Handler = std::function<AdminAnswer(std::string_view request)>;
  /// Who asks to watch beyond this is refused: each costs a queue of lines.
  static constexpr std::size_t most_watchers = 64;

  /// `endpoint` is ipc:///PATH; PATH's folder exists, and PATH has at most 107 bytes. A socket file that a dead process
  /// left behind is replaced; if a living one answers there, StartError. The loop outlives the server.
  AdminServer(const Context& context, EventLoop& loop, const std::string& endpoint, Handler handler);
  /// Removes the socket file.
  ~AdminServer();
  /// To all who hear one of these streams; loop thread. A watcher that reads too slowly loses lines, is told
  /// {"lost": n} as soon as there is room again, and goes on.
  void publish(std::uint32_t streams, std::string_view line);
  /// Whether anybody hears them: nobody need make a line otherwise.
  bool watched(std::uint32_t streams) const;
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

 private:
  class Listening;
  std::unique_ptr<Listening> listening_;
};

/// Asks once and waits, for the CLI; needs no loop. Nothing if nobody listens there, or no answer came in time. Throws
/// StartError if the endpoint is none, or belongs to another user.
std::optional<std::string> admin_request(const std::string& endpoint, std::string_view request, Duration timeout);

/// A request to watch, and the lines that follow. Needs no loop.
class AdminWatch {
 public:
  /// Throws StartError as admin_request() does.
  AdminWatch(const std::string& endpoint, std::string_view request);
  ~AdminWatch();
  AdminWatch(const AdminWatch&) = delete;
  AdminWatch& operator=(const AdminWatch&) = delete;

  /// False: nobody listened there.
  bool connected() const { return connected_ != nullptr; }
  /// The answer first, then line by line; an empty one is a sign of life. Nothing if none came within the timeout, or
  /// before a signal.
  std::optional<std::string> next(Duration timeout);

 private:
  class Connected;
  std::unique_ptr<Connected> connected_;
};

}  // namespace dbha::bus
