#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <dbha/context.hpp>
#include <dbha/events.hpp>

namespace dbha {

/// How long an event waits that its handler has refused: doubled each time, up to the longest.
struct RetryPauses {
  Duration first = std::chrono::seconds(1);
  Duration longest = std::chrono::seconds(30);
};

/// What a handler is at.
struct HandlerWork {
  std::size_t pending = 0;                 ///< queued, running, or waiting to be tried again
  bool suspended = false;                  ///< who handles them is away
  std::string event;                       ///< name and id of the one that was begun; empty: none
  std::optional<TimePoint> running_since;  ///< while it runs
  std::uint32_t failures = 0;              ///< of it, in a row
  std::optional<TimePoint> again_at;       ///< when it is tried again
  std::optional<TimePoint> begins_at;      ///< nothing runs, and what is queued waits for its time
  std::string reason;                      ///< why it failed last
};

/// One handler with a thread and a queue of its own, so that a slow one delays nobody. An event that the handler
/// refuses, by returning false or by an exception, is delivered again after a pause.
class HandlerThread {
 public:
  using Handler = std::function<bool(const Event&)>;
  /// Called on the handler's thread after an event is done.
  using Done = std::function<void(const Event&)>;
  /// Called when the subscription ends, on the thread that ends it: a handler that runs must return soon.
  using Stop = std::function<void()>;

  /// Events that are not stored describe the moment: behind a handler that hangs more of them than this are dropped.
  static constexpr std::size_t most_moments = 1000;

  HandlerThread(std::string name, Log& log, Handler handler, Done done, RetryPauses pauses = {}, Stop stop = nullptr);
  /// Waits for a handler that is running; what is still queued is dropped (a stored event is delivered after the next
  /// start).
  ~HandlerThread();
  HandlerThread(const HandlerThread&) = delete;
  HandlerThread& operator=(const HandlerThread&) = delete;

  /// Any thread. Not before `due`: meanwhile other events are handled.
  void deliver(Event event, TimePoint due = {});
  struct Taken {
    std::vector<DbRestart> events;
    TimePoint due = TimePoint::max();  ///< of the first of them that is
    bool empty() const { return events.empty(); }
  };
  /// Any thread. Takes the dbrestarts out of the queue that wait for their first delivery, oldest first; but for the
  /// one of the handler's first start, which tells of no change.
  Taken take_back();
  /// Any thread. Changes the dbrestart of that id while it waits for its first delivery; its new content then, nothing
  /// if it is too late.
  std::optional<DbRestart> amend(const std::string& id, Loss loss);
  /// Any thread. Who handles the events is away: from now on dbrestarts are queued and others dropped, until resume(),
  /// which also ends the pause of one that failed.
  void suspend();
  void resume();
  /// Queued, running, or waiting to be tried again.
  std::size_t pending() const;
  HandlerWork work() const;
  const std::string& name() const { return state_->name; }

 private:
  /// Shared with the thread: a handler that ends its own subscription returns into a thread whose owner is gone.
  struct State {
    State(std::string n, Log& l, Handler h, Done d, RetryPauses p)
        : name(std::move(n)), log(l), handler(std::move(h)), done(std::move(d)), pauses(p), pause(p.first) {}

    std::string name;
    Log& log;
    Handler handler;
    Done done;
    RetryPauses pauses;
    mutable std::mutex mutex;
    std::condition_variable changed;
    struct Queued {
      Event event;
      TimePoint due;
    };
    std::deque<Queued> queue;
    bool begun = false;  ///< the first of the queue has been delivered, though it may be again
    bool suspended = false;
    bool resumed = false;  ///< since the event that runs was begun: if it fails there is no pause
    bool ending = false;
    Duration pause;
    HandlerWork work;  ///< all but what the members above say

    std::size_t first_waiting() const { return begun ? 1 : 0; }
    void run();
    bool wait_for_event(std::unique_lock<std::mutex>& lock);
    bool bring_due_to_front(TimePoint now);
    TimePoint next_due() const;
    void finished();
    void failed(std::unique_lock<std::mutex>& lock, std::string reason);
    std::optional<std::string> handle(const Event& event) noexcept;
  };

  std::shared_ptr<State> state_;
  Stop stop_;
  std::thread thread_;
};

}  // namespace dbha
