#include "redis/role_reply.hpp"

#include "redis/text_fields.hpp"

namespace dbha::redis {
namespace {

bool is_text(const Value& value) {
  return value.kind == Value::Kind::text || value.kind == Value::Kind::status;
}

/// ["slave", host, port, state of the link, offset]
Parsed<RoleReply> parse_replica(const std::vector<Value>& fields) {
  if (fields.size() < 4) return Violation{"ROLE of a replica has fewer than 4 elements"};
  const auto& host = fields[1];
  const auto& port = fields[2];
  const auto& link = fields[3];
  if (!is_text(host) || !is_text(link)) return Violation{"ROLE of a replica bears no host or no state of its link"};
  if (port.kind != Value::Kind::integer || port.integer < 1 || port.integer > 65535)
    return Violation{"ROLE of a replica bears a bad port"};
  const bool unknown = host.text.empty() || host.text == "?";
  if (!unknown && !is_host(host.text)) return Violation{"ROLE of a replica bears a bad host: " + shown(host.text)};
  RoleReply reply;
  reply.role = Role::replica;
  reply.primary = {unknown ? std::string{} : host.text, static_cast<std::uint16_t>(port.integer)};
  reply.synced = link.text == "connected";
  return reply;
}

}  // namespace

Parsed<RoleReply> parse_role(const Value& reply) {
  if (reply.kind != Value::Kind::array || reply.elements.empty() || !is_text(reply.elements[0]))
    return Violation{"ROLE is not a list that begins with a role"};
  const auto& role = reply.elements[0].text;
  if (role == "master") return RoleReply{.role = Role::primary, .primary = {}, .synced = false};
  if (role == "slave") return parse_replica(reply.elements);
  return Violation{"ROLE bears an unknown role: " + shown(role)};
}

}  // namespace dbha::redis
