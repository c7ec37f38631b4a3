#pragma once
/// Who is told of what. A dbrestart is stored before it is delivered and struck off after its handler says done, for
/// each handler by itself; the other events are not stored: they describe the moment.

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <dbha/context.hpp>
#include <dbha/events.hpp>

#include "controller/hold_down.hpp"
#include "controller/open_losses.hpp"
#include "events/handler_thread.hpp"
#include "state_store/state_store.hpp"

namespace dbha {

struct EventHubSettings {
  std::string controller;
  std::string cluster;
  Duration hold_down{};
  RetryPauses pauses{};                              ///< of handlers that name none
  Duration handler_slow = std::chrono::seconds(60);  ///< a handler that is longer in one event is reported
  std::uint64_t seed = 0;                            ///< of the places in the resync window
};

/// What goes with one handler.
struct HandlerTerms {
  std::optional<RetryPauses> pauses{};
  /// Called on the loop thread for each event that is queued for it, merged ones included; must not block, nor throw.
  std::function<void(const Event&)> accepted{};
  HandlerThread::Stop stop{};
  bool suspended = false;  ///< it begins so
  bool at_once = false;    ///< it does nothing with the database: the resync window is not its own
};

/// Loop thread only; handlers run on their own threads. Ends its handlers before the store and the loop go.
class EventHub {
 public:
  using Id = std::uint64_t;

  EventHub(EventLoop& loop, Log& log, StateStore& store, EventHubSettings settings);
  ~EventHub();

  /// Throws Error for a name that no event has.
  static void require_events(const std::vector<std::string>& names);
  /// Throws Error for an event name that does not exist, and for a handler name already in use for one of the events.
  /// What the handler had not finished, and what has happened since it was last told, is delivered at once.
  Id subscribe(const std::vector<std::string>& events, const std::string& handler_name, HandlerThread::Handler handler,
               HandlerTerms terms = {});
  /// The handler's thread, to be ended on another thread than the loop's: that may take as long as the handler does.
  std::unique_ptr<HandlerThread> unsubscribe(Id id);
  /// All of them, before the loop stops: a handler that waits for a call of its own must still get its result.
  std::vector<std::unique_ptr<HandlerThread>> unsubscribe_all();
  /// As HandlerThread has them. Nothing for an id that has ended.
  void suspend(Id id);
  void resume(Id id);

  /// From now on each dbrestart is delivered at a random moment of so long a time, for each handler another one, so
  /// that a fleet does not fall upon a new primary at once. What meanwhile becomes one event with it keeps its moment.
  void spread_over(Duration window) { window_ = window; }

  /// All events but dbrestart.
  void emit(const Event& event);
  /// Compares the marks with what each handler has handled, and delivers what is due.
  void marks_applied(std::shared_ptr<const Topology> topology, bool partial);
  /// A dbrestart by hand for these partitions, cause `manual`; stored when this returns, and one with what waits for
  /// that handler. Throws Error saying why there is none: no such handler, no such partitions, not stored.
  DbRestart resync(const std::string& handler, const PartitionSet& partitions);
  /// All partitions; empty before the first topology.
  PartitionSet partitions() const;

  /// Events that handlers have not finished, of all of them.
  std::uint32_t pending() const;
  struct HandlerState {
    std::string name;
    std::vector<std::string> events;
    HandlerWork work;
    bool slow;          ///< it is in one event for longer than handler_slow
    PartitionSet held;  ///< partitions with a dbrestart that waits for the end of its hold-down
    bool hears(std::string_view event) const;
  };
  std::vector<HandlerState> handlers() const;

 private:
  struct Subscriber {
    std::vector<std::string> events;
    std::unique_ptr<HandlerThread> thread;
    HoldDown hold_down;
    OpenLosses losses;
    std::function<void(const Event&)> accepted;
    bool at_once = false;
    void deliver(Event event, TimePoint due = {});
    std::optional<TimePoint> reported;  ///< the begin of the run that was reported as slow
    bool hears(std::string_view event) const;
  };
  void catch_up(Subscriber& subscriber, bool followed);
  void hand_over(Subscriber& subscriber, DbRestart event, std::size_t replaces, TimePoint due);
  TimePoint moment_for(const Subscriber& subscriber);
  void tell_losses(Subscriber& subscriber);
  bool is_slow(const HandlerWork& work) const;
  void report_slow();
  Subscriber& hearing(const std::string& handler);
  void arm_hold_down();
  std::optional<Duration> end_hold_down();
  std::optional<TimePoint> hold_down_end() const;
  void accept(const std::string& handler, const PartitionMap<Mark>& handled, std::vector<DbRestart>& events,
              const std::vector<DbRestart>& replaced);
  void amend(const std::string& handler, const DbRestart& event);
  void strike_off(const std::string& handler, const std::string& id);

  EventLoop& loop_;
  Log& log_;
  StateStore& store_;
  EventHubSettings settings_;
  std::uint64_t unstored_ = 0;
  std::shared_ptr<const Topology> applied_;
  bool partial_ = false;
  Duration window_{};
  std::mt19937_64 random_;
  Id next_ = 1;
  std::shared_ptr<EventHub*> self_;  ///< emptied at the end: a handler that finishes later finds nobody
  std::map<Id, Subscriber> subscribers_;
  Timer slow_;  ///< the timers end first: they use everything above
  Timer held_;  ///< runs while a dbrestart is held back
};

}  // namespace dbha
