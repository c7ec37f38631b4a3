#pragma once
/// The local socket on which programs in any language hear events: one JSON object a message, see PROTOCOL.md. Who may
/// open the socket file may answer for a handler, so the file belongs to the process's user alone (mode 0600).

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <dbha_bus/context.hpp>

#include <dbha/event_loop.hpp>

namespace dbha::bus {

/// Messages of programs, and messages to them; both are opaque text here. Loop thread only.
class EventSocket {
 public:
  /// `peer` names the program's connection, for as long as that lasts: bytes without meaning. Must not throw.
  using Receive = std::function<void(const std::string& peer, std::string_view message)>;
  enum class Sent {
    yes,
    no_room,  ///< it does not read
    gone,
  };

  /// `endpoint` is ipc:///PATH, as that of an AdminServer, and StartError comes for the same reasons. The loop outlives
  /// the socket.
  EventSocket(const Context& context, EventLoop& loop, const std::string& endpoint, Receive receive);
  /// Removes the socket file.
  ~EventSocket();
  EventSocket(const EventSocket&) = delete;
  EventSocket& operator=(const EventSocket&) = delete;

  Sent send(const std::string& peer, std::string_view message);

 private:
  class Listening;
  std::unique_ptr<Listening> listening_;
};

}  // namespace dbha::bus
