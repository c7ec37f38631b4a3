#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include <dbha/mirror.hpp>

namespace dbha::mirror {

/// Who is told what has come from the database. Any thread; a subscription that has ended is not called any more, not
/// even by a call that had begun, unless it ends itself.
class Changes {
 public:
  using Handler = std::function<void(const MirrorChange&)>;

  Subscription subscribe(Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_.emplace(++last_, std::move(handler));
    return Subscription([this, id = last_] {
      const std::lock_guard ending(mutex_);
      handlers_.erase(id);
    });
  }

  void tell(const MirrorChange& change) {
    const std::lock_guard lock(mutex_);
    const auto handlers = handlers_;  // one may end itself, or another
    for (const auto& [id, handler] : handlers)
      if (handlers_.contains(id)) handler(change);
  }

 private:
  std::recursive_mutex mutex_;  // a handler may subscribe, or end its own subscription
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Handler> handlers_;
};

}  // namespace dbha::mirror
