#include "redis/resolve.hpp"

#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include <netdb.h>
#include <netinet/in.h>

namespace dbha::redis {

struct Lookup::Waiter {
  std::mutex mutex;
  EventLoop* loop;    // guarded by mutex; nullptr once the Lookup is gone, after which the loop may go too
  Lookup::Done done;  // loop thread only
};

namespace {

struct Answer {
  std::vector<SocketAddress> addresses;
  std::string error;
};

Answer ask_system(const Endpoint& endpoint, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
  if (code != 0) return {{}, gai_strerror(code)};
  Answer answer;
  for (const addrinfo* entry = list; entry; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    answer.addresses.push_back(address);
  }
  freeaddrinfo(list);
  return answer;
}

void tell(const std::shared_ptr<Lookup::Waiter>& waiter, const Answer& answer) {
  const std::lock_guard lock(waiter->mutex);
  if (!waiter->loop) return;
  waiter->loop->post([waiter, answer] {
    if (waiter->done) std::exchange(waiter->done, nullptr)(answer.addresses, answer.error);
  });
}

/// Who waits for which name. Never destroyed: a helper thread may still hang in getaddrinfo when the process ends.
class Inquiries {
 public:
  static Inquiries& instance() {
    static auto* one = new Inquiries;
    return *one;
  }

  void join(const Endpoint& endpoint, std::shared_ptr<Lookup::Waiter> waiter) {
    const std::lock_guard lock(mutex_);
    auto& waiters = waiters_[endpoint];
    waiters.push_back(std::move(waiter));
    if (waiters.size() > 1) return;
    try {
      std::thread([this, endpoint] { finish(endpoint, ask_system(endpoint, 0)); }).detach();
    } catch (const std::system_error& error) {
      for (const auto& each : waiters) tell(each, {{}, std::string("no thread for the resolver: ") + error.what()});
      waiters_.erase(endpoint);
    }
  }

 private:
  void finish(const Endpoint& endpoint, const Answer& answer) {
    std::vector<std::shared_ptr<Lookup::Waiter>> waiters;
    {
      const std::lock_guard lock(mutex_);
      waiters = std::move(waiters_[endpoint]);
      waiters_.erase(endpoint);
    }
    for (const auto& each : waiters) tell(each, answer);
  }

  std::mutex mutex_;
  std::map<Endpoint, std::vector<std::shared_ptr<Lookup::Waiter>>> waiters_;
};

}  // namespace

std::optional<SocketAddress> numeric_address(const Endpoint& endpoint) {
  auto answer = ask_system(endpoint, AI_NUMERICHOST);
  if (endpoint.host.empty() || answer.addresses.empty()) return std::nullopt;
  return answer.addresses.front();
}

Lookup::Lookup(EventLoop& loop, const Endpoint& endpoint, Done done) : waiter_(std::make_shared<Waiter>()) {
  waiter_->loop = &loop;
  waiter_->done = std::move(done);
  Inquiries::instance().join(endpoint, waiter_);
}

Lookup::~Lookup() {
  waiter_->done = nullptr;
  const std::lock_guard lock(waiter_->mutex);
  waiter_->loop = nullptr;
}

}  // namespace dbha::redis
