#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <dbha_bus/event_socket.hpp>

#include "events/event_hub.hpp"
#include "events/handover.hpp"
#include "events/program_sessions.hpp"

namespace dbha {

/// The event socket: each program that has subscribed there is a handler of the hub, also while it is away. Loop thread
/// only. Ends before the hub.
class EventPrograms {
 public:
  /// Each is a thread, also while it is away: names that are made up anew at each start come to an end.
  static constexpr std::size_t most = 64;

  /// Throws StartError if the endpoint cannot be used.
  EventPrograms(EventLoop& loop, Log& log, const bus::Context& bus, const std::string& endpoint, EventHub& hub,
                StateStore& store);
  ~EventPrograms();
  EventPrograms(const EventPrograms&) = delete;
  EventPrograms& operator=(const EventPrograms&) = delete;

 private:
  struct Program {
    std::vector<std::string> events;
    std::uint64_t life;  ///< rises with each add(): what an earlier one has posted is of no use
    EventHub::Id id;
    std::shared_ptr<Handover> handover;
  };
  void require_free(const std::string& name) const;
  void add(const std::string& name, const std::vector<std::string>& events);
  void end(const std::string& name);
  void join(ProgramSessions::Join join);
  void prepare(const ProgramSessions::Join& join);
  void forget(const std::string& name);
  void deliver(const std::string& name, std::uint64_t life, const Event& event);
  void perform(const ProgramSessions::Actions& actions);
  void perform(const ProgramSessions::Action& action);
  bus::EventSocket::Sent send(const ProgramSessions::Send& send);

  EventLoop& loop_;
  Log& log_;
  EventHub& hub_;
  StateStore& store_;
  ProgramSessions sessions_;
  std::map<std::string, Program> programs_;
  std::uint64_t lives_ = 0;
  bus::EventSocket socket_;
  std::shared_ptr<EventPrograms*> self_;  ///< emptied at the end: what a handler's thread has posted finds nobody
  Timer signs_of_life_;
};

}  // namespace dbha
