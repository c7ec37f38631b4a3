#pragma once
/// Questions to commands, replies to answers: pure functions, so that every reply a node may give is a line in a table
/// of a test.

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <dbha/backend.hpp>

#include "redis/info_reply.hpp"
#include "redis/parsed.hpp"
#include "redis/role_reply.hpp"

namespace dbha::redis {

/// At most that many commands make one question.
inline constexpr std::size_t most_commands = 4;
using Command = std::vector<std::string>;
/// The commands of a question, in the order in which they are sent and answered.
std::span<const Command> commands_of(Question question);

/// "+cluster|nodes" for CLUSTER NODES, "+info" for INFO server, as ACL SETUSER takes them.
std::string acl_rule(const Command& command);

/// The node lives, but does not serve now: LOADING, BUSY, MASTERDOWN, CLUSTERDOWN.
struct NotServing {
  std::string error;
};
/// The node answered, but will be of no use before somebody changes something: what is wrong and what to do about it.
/// Contains no secret.
struct Unusable {
  std::string reason;
};
struct Alive {};

using Answer = std::variant<View, RoleReply, ClusterInfo, Alive, NotServing, Unusable>;

/// `replies` are those to commands_of(question); times and, but for a View, who answered are left to the caller.
/// `username` is for the reason of an ACL refusal.
Answer read_answer(Question question, std::span<const Value> replies, const Endpoint& endpoint,
                   const std::string& username);

}  // namespace dbha::redis
