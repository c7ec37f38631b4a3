#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <dbha/backend.hpp>

namespace dbha::shell {

/// MULTI ... EXEC: a connection of dbha carries the calls of many, so the commands between the two are collected here
/// and leave as one. What they would be answered meanwhile is answered here. Pure.
class Transaction {
 public:
  using Commands = std::vector<std::vector<std::string>>;
  /// No command of a transaction: it is the caller's, with its words.
  struct Other {
    std::vector<std::string> words;
  };
  /// A reply, or all that EXEC carries out.
  using Step = std::variant<Other, Value, Commands>;

  Step take(std::vector<std::string> words);
  /// Between MULTI and EXEC.
  bool open() const { return commands_.has_value(); }

 private:
  std::optional<Commands> commands_;
};

}  // namespace dbha::shell
