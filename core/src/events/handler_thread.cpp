#include "events/handler_thread.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace dbha {
namespace {

const char* const returned_false = "it returned false; it is tried again";

/// "dbrestart nb-1-7"
std::string title_of(const Event& event) {
  const auto* restart = std::get_if<DbRestart>(&event);
  return restart ? std::string(name_of(event)) + ' ' + restart->id : name_of(event);
}

}  // namespace

HandlerThread::HandlerThread(std::string name, Log& log, Handler handler, Done done, RetryPauses pauses, Stop stop)
    : state_(std::make_shared<State>(std::move(name), log, std::move(handler), std::move(done), pauses)),
      stop_(std::move(stop)),
      thread_([state = state_] { state->run(); }) {}

HandlerThread::~HandlerThread() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->changed.notify_all();
  if (stop_) stop_();
  // A handler may end its own subscription: its thread then ends by itself right after.
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void HandlerThread::deliver(Event event, TimePoint due) {
  {
    const std::lock_guard lock(state_->mutex);
    const bool stored = std::holds_alternative<DbRestart>(event);
    if (!stored && (state_->suspended || state_->queue.size() >= most_moments)) return;
    state_->queue.push_back({std::move(event), due});
  }
  state_->changed.notify_all();
}

HandlerThread::Taken HandlerThread::take_back() {
  const std::lock_guard lock(state_->mutex);
  Taken out;
  auto& queue = state_->queue;
  for (auto it = queue.begin() + static_cast<std::ptrdiff_t>(state_->first_waiting()); it != queue.end();) {
    const auto* restart = std::get_if<DbRestart>(&it->event);
    if (restart && restart->cause != Cause::start) {
      out.events.push_back(*restart);
      out.due = std::min(out.due, it->due);
      it = queue.erase(it);
    } else {
      ++it;
    }
  }
  return out;
}

std::optional<DbRestart> HandlerThread::amend(const std::string& id, Loss loss) {
  const std::lock_guard lock(state_->mutex);
  for (std::size_t i = state_->first_waiting(); i < state_->queue.size(); ++i) {
    auto* restart = std::get_if<DbRestart>(&state_->queue[i].event);
    if (!restart || restart->id != id) continue;
    restart->loss = loss;
    return *restart;
  }
  return std::nullopt;
}

void HandlerThread::suspend() {
  const std::lock_guard lock(state_->mutex);
  state_->suspended = true;
  state_->changed.notify_all();
}

void HandlerThread::resume() {
  const std::lock_guard lock(state_->mutex);
  state_->suspended = false;
  state_->resumed = true;
  state_->changed.notify_all();
}

std::size_t HandlerThread::pending() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

HandlerWork HandlerThread::work() const {
  const std::lock_guard lock(state_->mutex);
  HandlerWork out = state_->work;
  out.pending = state_->queue.size();
  out.suspended = state_->suspended;
  if (state_->begun) out.event = title_of(state_->queue.front().event);
  const bool waits = !state_->begun && !state_->queue.empty();
  if (const TimePoint due = state_->next_due(); waits && due > std::chrono::steady_clock::now()) out.begins_at = due;
  return out;
}

void HandlerThread::State::run() {
  std::unique_lock lock(mutex);
  while (true) {
    if (!wait_for_event(lock)) return;
    const Event event = queue.front().event;  // stays queued while it runs: it is pending until it is done
    begun = true;
    resumed = false;
    work.running_since = std::chrono::steady_clock::now();
    lock.unlock();
    auto reason = handle(event);
    if (!reason) done(event);
    lock.lock();
    work.running_since.reset();
    reason ? failed(lock, std::move(*reason)) : finished();
  }
}

/// Then it is the first of the queue. False: there is none any more.
bool HandlerThread::State::wait_for_event(std::unique_lock<std::mutex>& lock) {
  while (!ending) {
    if (!suspended && (begun || bring_due_to_front(std::chrono::steady_clock::now()))) return true;
    if (suspended || queue.empty()) {
      changed.wait(lock);
    } else {
      changed.wait_until(lock, next_due());
    }
  }
  return false;
}

bool HandlerThread::State::bring_due_to_front(TimePoint now) {
  const auto due = std::find_if(queue.begin(), queue.end(), [&](const Queued& q) { return q.due <= now; });
  if (due == queue.end()) return false;
  std::rotate(queue.begin(), due, due + 1);
  return true;
}

TimePoint HandlerThread::State::next_due() const {
  TimePoint out = TimePoint::max();
  for (const auto& queued : queue) out = std::min(out, queued.due);
  return out;
}

void HandlerThread::State::finished() {
  queue.pop_front();
  begun = false;
  pause = pauses.first;
  work = {};
}

/// Returns when the event is to be tried again, or not yet because the handler is away.
void HandlerThread::State::failed(std::unique_lock<std::mutex>& lock, std::string reason) {
  ++work.failures;
  work.reason = std::move(reason);
  work.again_at = std::chrono::steady_clock::now() + pause;
  pause = std::min(2 * pause, pauses.longest);
  changed.wait_until(lock, *work.again_at, [this] { return ending || suspended || resumed; });
  work.again_at.reset();
  if (suspended || resumed) pause = pauses.first;
}

/// Nothing if it is done, else why not.
std::optional<std::string> HandlerThread::State::handle(const Event& event) noexcept {
  std::string reason = returned_false;
  try {
    if (handler(event)) return std::nullopt;
  } catch (const std::exception& e) {
    reason = e.what();
  } catch (...) {
    reason = "an exception of an unknown type";
  }
  log.warning("handler_failed", {{"handler", name}, {"event", name_of(event)}, {"reason", reason}});
  return reason;
}

}  // namespace dbha
