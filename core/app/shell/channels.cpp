#include "shell/channels.hpp"

#include "shell/words.hpp"

namespace dbha::shell {
namespace {

Value text(std::string value) {
  return {.kind = Value::Kind::text, .text = std::move(value), .integer = 0, .elements = {}};
}

/// {kind, channel, how many channels there are now}
Value confirmation(std::string kind, Value channel, std::size_t count) {
  const Value number{
      .kind = Value::Kind::integer, .text = {}, .integer = static_cast<std::int64_t>(count), .elements = {}};
  return {.kind = Value::Kind::array,
          .text = {},
          .integer = 0,
          .elements = {text(std::move(kind)), std::move(channel), number}};
}

Value message(const std::string& channel, const std::string& content) {
  return {.kind = Value::Kind::array,
          .text = {},
          .integer = 0,
          .elements = {text("message"), text(channel), text(content)}};
}

}  // namespace

std::vector<Value> Channels::take(const std::vector<std::string>& words) {
  const bool begins = is_word(words[0], "SUBSCRIBE") && words.size() > 1;
  if (!begins && !is_word(words[0], "UNSUBSCRIBE")) return {};
  if (words.size() == 1) return unsubscribe_all();
  std::vector<Value> out;
  for (auto channel = words.begin() + 1; channel != words.end(); ++channel)
    out.push_back(begins ? subscribe(*channel) : unsubscribe(*channel));
  return out;
}

Value Channels::subscribe(const std::string& channel) {
  Subscription& subscription = subscriptions_[channel];
  subscription.reset();  // before the other begins: its end is the channel's
  subscription = controller_.listen(
      channel, [this](const std::string& from, const std::string& content) { messages_.add(message(from, content)); });
  return confirmation("subscribe", text(channel), subscriptions_.size());
}

Value Channels::unsubscribe(const std::string& channel) {
  subscriptions_.erase(channel);
  return confirmation("unsubscribe", text(channel), subscriptions_.size());
}

std::vector<Value> Channels::unsubscribe_all() {
  if (subscriptions_.empty()) return {confirmation("unsubscribe", {}, 0)};
  std::vector<Value> out;
  while (!subscriptions_.empty()) out.push_back(unsubscribe(std::string(subscriptions_.begin()->first)));
  return out;
}

}  // namespace dbha::shell
