#include "events/handler_thread.hpp"

#include <algorithm>
#include <exception>

namespace dbha {

HandlerThread::HandlerThread(std::string name, Log& log, Handler handler, Done done, RetryPauses pauses)
    : state_(std::make_shared<State>(std::move(name), log, std::move(handler), std::move(done), pauses)),
      thread_([state = state_] { state->run(); }) {}

HandlerThread::~HandlerThread() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->changed.notify_all();
  // A handler may end its own subscription: its thread then ends by itself right after.
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void HandlerThread::deliver(Event event) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.push_back(std::move(event));
  }
  state_->changed.notify_all();
}

std::vector<DbRestart> HandlerThread::take_back() {
  const std::lock_guard lock(state_->mutex);
  std::vector<DbRestart> out;
  auto& queue = state_->queue;
  for (auto it = queue.begin() + static_cast<std::ptrdiff_t>(state_->first_waiting()); it != queue.end();) {
    const auto* restart = std::get_if<DbRestart>(&*it);
    if (restart && restart->cause != Cause::start) {
      out.push_back(*restart);
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
    auto* restart = std::get_if<DbRestart>(&state_->queue[i]);
    if (!restart || restart->id != id) continue;
    restart->loss = loss;
    return *restart;
  }
  return std::nullopt;
}

std::size_t HandlerThread::pending() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

void HandlerThread::State::run() {
  std::unique_lock lock(mutex);
  Duration pause = pauses.first;
  while (true) {
    changed.wait(lock, [this] { return ending || !queue.empty(); });
    if (ending) return;
    const Event event = queue.front();  // stays queued while it runs: it is pending until it is done
    begun = true;
    lock.unlock();
    const bool finished = handle(event);
    if (finished) done(event);
    lock.lock();
    if (finished) {
      queue.pop_front();
      begun = false;
      pause = pauses.first;
      continue;
    }
    changed.wait_for(lock, pause, [this] { return ending; });
    pause = std::min(2 * pause, pauses.longest);
  }
}

bool HandlerThread::State::handle(const Event& event) noexcept {
  try {
    if (handler(event)) return true;
    log.warning("handler_failed",
                {{"handler", name}, {"event", name_of(event)}, {"reason", "it returned false; it is tried again"}});
  } catch (const std::exception& e) {
    log.warning("handler_failed", {{"handler", name}, {"event", name_of(event)}, {"reason", e.what()}});
  } catch (...) {
    log.warning("handler_failed",
                {{"handler", name}, {"event", name_of(event)}, {"reason", "an exception of an unknown type"}});
  }
  return false;
}

}  // namespace dbha
