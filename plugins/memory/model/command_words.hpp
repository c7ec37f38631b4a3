#pragma once
/// The commands that the model understands, and what is wrong with one, in the words of Redis.

#include <optional>
#include <string>
#include <vector>

namespace dbha::memory {

/// Why the command cannot be carried out on any node.
std::optional<std::string> refusal(const std::vector<std::string>& args);
/// Whether it may change data.
bool may_write(const std::vector<std::string>& args);

}  // namespace dbha::memory
