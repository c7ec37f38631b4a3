#pragma once
/// Of connection*.cpp only.

#include "redis/connection.hpp"

namespace dbha::redis {

/// Stands on the stack while callbacks run, and learns there that one of them destroyed the connection. Guards nest.
class Connection::Guard {
 public:
  explicit Guard(Connection& connection) : connection_(connection), outer_(connection.guard_) {
    connection.guard_ = this;
  }
  ~Guard() {
    if (!gone_) {
      connection_.guard_ = outer_;
    } else if (outer_) {
      outer_->gone_ = true;
    }
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  void connection_destroyed() { gone_ = true; }
  bool gone() const { return gone_; }

 private:
  Connection& connection_;
  Guard* outer_;
  bool gone_ = false;
};

}  // namespace dbha::redis
