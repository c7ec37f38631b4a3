#pragma once
/// The local endpoint by which the CLI asks a running process. Whoever may open the socket file may also reset and
/// resync, so the file belongs to the process's user alone (mode 0600), and there is no other way in.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <dbha_bus/context.hpp>

#include <dbha/event_loop.hpp>

namespace dbha::bus {

/// Answers requests with what the handler returns; both are opaque text here (JSON, by agreement of its two ends).
class AdminServer {
 public:
  /// Runs on the loop thread; must not throw and not block.
  using Handler = std::function<std::string(std::string_view request)>;

  /// `endpoint` is ipc:///PATH; PATH's folder exists, and PATH has at most 107 bytes. A socket file that a dead process
  /// left behind is replaced; if a living one answers there, StartError. The loop outlives the server.
  AdminServer(const Context& context, EventLoop& loop, const std::string& endpoint, Handler handler);
  /// Removes the socket file.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

 private:
  class Listening;
  std::unique_ptr<Listening> listening_;
};

/// Asks once and waits, for the CLI; needs no loop. Nothing if nobody listens there, or no answer came in time. Throws
/// StartError if the endpoint is none, or belongs to another user.
std::optional<std::string> admin_request(const std::string& endpoint, std::string_view request, Duration timeout);

}  // namespace dbha::bus
