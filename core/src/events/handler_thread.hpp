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

/// One handler with a thread and a queue of its own, so that a slow one delays nobody. An event that the handler
/// refuses, by returning false or by an exception, is delivered again after a pause.
class HandlerThread {
 public:
  using Handler = std::function<bool(const Event&)>;
  /// Called on the handler's thread after an event is done.
  using Done = std::function<void(const Event&)>;

  HandlerThread(std::string name, Log& log, Handler handler, Done done, RetryPauses pauses = {});
  /// Waits for a handler that is running; what is still queued is dropped (a stored event is delivered after the next
  /// start).
  ~HandlerThread();
  HandlerThread(const HandlerThread&) = delete;
  HandlerThread& operator=(const HandlerThread&) = delete;

  /// Any thread.
  void deliver(Event event);
  /// Any thread. Takes the dbrestarts out of the queue that wait for their first delivery, oldest first; but for the
  /// one of the handler's first start, which tells of no change.
  std::vector<DbRestart> take_back();
  /// Any thread. Changes the dbrestart of that id while it waits for its first delivery; its new content then, nothing
  /// if it is too late.
  std::optional<DbRestart> amend(const std::string& id, Loss loss);
  /// Queued, running, or waiting to be tried again.
  std::size_t pending() const;
  const std::string& name() const { return state_->name; }

 private:
  /// Shared with the thread: a handler that ends its own subscription returns into a thread whose owner is gone.
  struct State {
    State(std::string n, Log& l, Handler h, Done d, RetryPauses p)
        : name(std::move(n)), log(l), handler(std::move(h)), done(std::move(d)), pauses(p) {}

    std::string name;
    Log& log;
    Handler handler;
    Done done;
    RetryPauses pauses;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<Event> queue;
    bool begun = false;  ///< the first of the queue has been delivered, though it may be again
    bool ending = false;

    std::size_t first_waiting() const { return begun ? 1 : 0; }
    void run();
    bool handle(const Event& event) noexcept;
  };

  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace dbha
