#pragma once
/// The programs at the event socket: who has subscribed, which event each has been sent and not answered, who is gone.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <dbha/events.hpp>

namespace dbha {

/// Pure: messages and events in, what to do out. A peer is a connection, a program is a name; a program that comes back
/// is another peer of the same name. One dbrestart at a time is with a program; the other events need no answer.
class ProgramSessions {
 public:
  struct Send {
    std::string peer;
    std::string text;
  };
  /// The program subscribes: accept() or refuse() it.
  struct Join {
    std::string peer;
    std::string name;
    std::vector<std::string> events;
  };
  /// It is away: nothing can be delivered to it.
  struct Leave {
    std::string name;
  };
  /// It wants no more events, neither now nor later.
  struct Forget {
    std::string name;
  };
  /// The event that is with it is at its end: done, or failed with a reason.
  struct Finish {
    std::string name;
    std::optional<std::string> failure;
  };
  using Action = std::variant<Send, Join, Leave, Forget, Finish>;
  using Actions = std::vector<Action>;

  /// What a program has said. Whatever it is, no other program is concerned by it.
  Actions on_message(const std::string& peer, std::string_view text);
  Actions accept(const Join& join);
  Actions refuse(const Join& join, const std::string& reason);

  /// An event for a program, which has none.
  Actions deliver(const std::string& name, const Event& event);
  /// What was sent to that peer last did not reach it: it is gone, or does not read.
  Actions on_gone(const std::string& peer);
  Actions on_unread(const std::string& peer);

  /// To each, once a second: who hears nothing for some seconds knows that this process is gone.
  std::vector<Send> signs_of_life() const;

 private:
  struct Session {
    std::string name;
    std::string event;  ///< the id of the dbrestart that is with it; empty: none
  };
  Actions on_object(const std::string& peer, const nlohmann::json& message);
  Actions on_subscribe(const std::string& peer, const nlohmann::json& message);
  Actions on_unsubscribe(const std::string& peer);
  Actions on_answer(const std::string& peer, const nlohmann::json& message);
  Actions end(const std::string& peer, const std::string& why);
  std::string peer_of(const std::string& name) const;

  std::map<std::string, Session> sessions_;  ///< by peer
};

}  // namespace dbha
