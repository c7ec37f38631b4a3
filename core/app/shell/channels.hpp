#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <dbha/controller.hpp>

#include "shell/inbox.hpp"

namespace dbha::shell {

/// SUBSCRIBE and UNSUBSCRIBE: what came on which channels, in the words that the database has for it.
class Channels {
 public:
  /// `came` is called when there is a message, on the loop thread.
  Channels(Controller& controller, std::function<void()> came) : controller_(controller), messages_(std::move(came)) {}

  /// The replies to such a command; nothing if it is another one.
  std::vector<Value> take(const std::vector<std::string>& words);
  /// Messages since the last time.
  std::vector<Value> messages() { return messages_.take(); }

 private:
  Value subscribe(const std::string& channel);
  Value unsubscribe(const std::string& channel);
  std::vector<Value> unsubscribe_all();

  Controller& controller_;
  Inbox<Value> messages_;
  std::map<std::string, Subscription> subscriptions_;  // end first: their handlers use the above
};

}  // namespace dbha::shell
