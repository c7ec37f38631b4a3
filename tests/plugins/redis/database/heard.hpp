#pragma once
/// What a connection and its requests were told.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "redis/connection.hpp"

namespace dbha::test {

struct Heard final : redis::Connection::Listener {
  int up = 0;
  int closed = 0;
  redis::CloseReason reason{};
  std::string detail;
  std::vector<Value> pushes;
  std::function<void()> when_up, when_closed;

  void on_up(redis::Connection&) override {
    ++up;
    if (when_up) when_up();
  }
  void on_closed(redis::Connection&, redis::CloseReason why, const std::string& text) override {
    ++closed;
    reason = why;
    detail = text;
    if (when_closed) when_closed();
  }
  void on_push(redis::Connection&, Value push) override { pushes.push_back(std::move(push)); }
};

struct Told {
  std::vector<std::pair<redis::Fate, Value>> all;
  redis::Connection::ReplyHandler handler() {
    return [this](redis::Fate fate, Value&& value) { all.emplace_back(fate, std::move(value)); };
  }
};

}  // namespace dbha::test
