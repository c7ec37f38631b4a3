#pragma once

#include <string>
#include <vector>

#include <dbha/controller.hpp>

#include "shell/inbox.hpp"

namespace dbha::shell {

/// What the controller tells, of every event there is, a line each: "dbrestart cause=failover partitions=0-5460 ...".
/// To be made when there is a topology: the first one is no news.
class EventLog {
 public:
  explicit EventLog(Controller& controller);
  /// Since the last time.
  std::vector<std::string> take() { return lines_.take(); }

 private:
  bool write(const Event& event);

  Inbox<std::string> lines_;
  std::vector<Subscription> subscriptions_;  // end first: their handlers use the above
};

}  // namespace dbha::shell
