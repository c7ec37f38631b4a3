#include "mirror/announcer.hpp"

#include <utility>

#include "mirror/announcement.hpp"

namespace dbha::mirror {
namespace {

constexpr std::size_t many_bytes = 64 << 10;

}  // namespace

std::string Announcer::record_of(const Entry& entry) const {
  return mirror::record_of(entry);
}

void Announcer::add(const std::string& table, const std::string& record) {
  std::string full;
  {
    const std::lock_guard lock(mutex_);
    std::string& message = messages_[table];
    message += record;
    if (message.size() < many_bytes) return;
    full.swap(message);
  }
  publish(table, std::move(full));
}

void Announcer::flush() {
  std::map<std::string, std::string> messages;
  {
    const std::lock_guard lock(mutex_);
    messages.swap(messages_);
  }
  for (auto& [table, message] : messages)
    if (!message.empty()) publish(table, std::move(message));
}

/// Logged when it begins: each message that follows would meet the same.
void Announcer::publish(const std::string& table, std::string message) {
  host_.publish(channel_of(table), std::move(message), [failing = failing_, &log = log_](const Result& result) {
    if (result.outcome == Outcome::cancelled || failing->exchange(!result.ok()) || result.ok()) return;
    log.warning("mirror_announcement_failed",
                {{"reason", result.value.text.empty() ? result.detail : result.value.text}});
  });
}

}  // namespace dbha::mirror
