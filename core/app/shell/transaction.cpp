#include "shell/transaction.hpp"

#include <utility>

#include "shell/words.hpp"

namespace dbha::shell {
namespace {

Value status(std::string text) {
  return {.kind = Value::Kind::status, .text = std::move(text), .integer = 0, .elements = {}};
}
Value error(std::string text) {
  return {.kind = Value::Kind::error, .text = std::move(text), .integer = 0, .elements = {}};
}

}  // namespace

/// The replies are the server's own words.
Transaction::Step Transaction::take(std::vector<std::string> words) {
  const auto is = [&](std::string_view name) { return words.size() == 1 && is_word(words[0], name); };
  if (is("MULTI")) {
    if (commands_) return error("ERR MULTI calls can not be nested");
    commands_.emplace();
    return status("OK");
  }
  if (is("DISCARD")) return std::exchange(commands_, std::nullopt) ? status("OK") : error("ERR DISCARD without MULTI");
  if (is("EXEC")) {
    auto commands = std::exchange(commands_, std::nullopt);
    if (!commands) return error("ERR EXEC without MULTI");
    if (commands->empty()) return Value{.kind = Value::Kind::array, .text = {}, .integer = 0, .elements = {}};
    return std::move(*commands);
  }
  if (!commands_) return Other{std::move(words)};
  commands_->push_back(std::move(words));
  return status("QUEUED");
}

}  // namespace dbha::shell
