#include "redis/answer.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "redis/view_builder.hpp"

namespace dbha::redis {
namespace {

const std::array<Command, 4> view_commands{
    {{"CLUSTER", "NODES"}, {"CLUSTER", "INFO"}, {"INFO", "server"}, {"INFO", "replication"}}};
const std::array<Command, 1> role_commands{{{"ROLE"}}};
const std::array<Command, 1> epoch_commands{{{"CLUSTER", "INFO"}}};
const std::array<Command, 1> alive_commands{{{"PING"}}};

std::string spelled(const Command& command) {
  std::string out;
  for (const auto& word : command) out.append(out.empty() ? "" : " ").append(word);
  return out;
}

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return text.starts_with(word); });
}

Answer refusal(const std::string& error, const Command& command, const Endpoint& endpoint,
               const std::string& username) {
  if (begins_with_any(error, {"LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN"})) return NotServing{error};
  const auto where = endpoint.text();
  if (error.find("cluster support disabled") != std::string::npos)
    return Unusable{where + " is not in cluster mode: set cluster-enabled yes in its redis.conf"};
  if (error.starts_with("NOPERM"))
    return Unusable{where + ": user '" + (username.empty() ? "default" : username) + "' may not run " +
                    spelled(command) + ": add the ACL rule " + acl_rule(command)};
  if (error.starts_with("NOAUTH")) return Unusable{where + " asks for a login: set username and password_file"};
  return Unusable{where + " refused " + spelled(command) + ": " + shown(error)};
}

Unusable malformed(const Endpoint& endpoint, const std::string& violation) {
  return {endpoint.text() + " gave " + violation};
}

template <class T>
Answer answer_or_violation(Parsed<T> parsed, const char* command, const Endpoint& endpoint) {
  if (const auto* violation = violation_of(parsed))
    return malformed(endpoint, std::string{"a malformed reply to "} + command + ": " + violation->text);
  return std::get<T>(std::move(parsed));
}

Answer read_view(std::span<const Value> replies, const Endpoint& endpoint) {
  auto view = build_view({replies[0].text, replies[1].text, replies[2].text, replies[3].text}, endpoint);
  if (const auto* violation = violation_of(view)) return malformed(endpoint, violation->text);
  return std::get<View>(std::move(view));
}

/// A host that the node does not know itself is the one that answered.
Answer read_role(const Value& reply, const Endpoint& endpoint) {
  auto role = parse_role(reply);
  if (auto* known = std::get_if<RoleReply>(&role))
    if (known->role == Role::replica && known->primary.host.empty()) known->primary.host = endpoint.host;
  return answer_or_violation(std::move(role), "ROLE", endpoint);
}

}  // namespace

std::string acl_rule(const Command& command) {
  std::string rule = "+" + command[0];
  if (command[0] == "CLUSTER") rule += "|" + command[1];
  std::transform(rule.begin(), rule.end(), rule.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return rule;
}

std::span<const Command> commands_of(Question question) {
  switch (question) {
    case Question::view:
      return view_commands;
    case Question::role:
      return role_commands;
    case Question::epoch:
      return epoch_commands;
    case Question::alive:
      return alive_commands;
  }
  return alive_commands;
}

Answer read_answer(Question question, std::span<const Value> replies, const Endpoint& endpoint,
                   const std::string& username) {
  if (question == Question::alive) return Alive{};  // an error is a sign of life too
  const auto commands = commands_of(question);
  for (std::size_t i = 0; i < replies.size(); ++i)
    if (replies[i].kind == Value::Kind::error) return refusal(replies[i].text, commands[i], endpoint, username);
  switch (question) {
    case Question::view:
      return read_view(replies, endpoint);
    case Question::role:
      return read_role(replies[0], endpoint);
    default:
      return answer_or_violation(parse_cluster_info(replies[0].text), "CLUSTER INFO", endpoint);
  }
}

}  // namespace dbha::redis
