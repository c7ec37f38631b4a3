#include "redis/info_reply.hpp"

#include <optional>

#include "redis/text_fields.hpp"

namespace dbha::redis {
namespace {

Violation missing(std::string_view name) {
  return {"no field " + shown(name)};
}
Violation bad(std::string_view name, std::string_view value) {
  return {"field " + shown(name) + " has a bad value: " + shown(value)};
}

/// Reads fields one after another and keeps the first violation, so that the callers list what they need and no more.
class Fields {
 public:
  explicit Fields(std::string_view reply) : reply_(reply) {}

  std::string_view required(std::string_view name) {
    const auto value = info_field(reply_, name);
    if (value.empty()) refuse(missing(name));
    return value;
  }

  std::string identity(std::string_view name) {
    const auto value = info_field(reply_, name);
    if (!is_plain_word(value)) refuse(bad(name, value));
    return std::string{value};
  }

  /// `otherwise` where the field is missing: older versions lack some.
  std::int64_t integer(std::string_view name, std::int64_t otherwise) {
    const auto value = info_field(reply_, name);
    if (value.empty()) return otherwise;
    const auto parsed = number<std::int64_t>(value);
    if (!parsed) refuse(bad(name, value));
    return parsed.value_or(otherwise);
  }

  void refuse(Violation violation) {
    if (!violation_) violation_ = std::move(violation);
  }

  template <class T>
  Parsed<T> finish(T value) && {
    if (violation_) return std::move(*violation_);
    return value;
  }

 private:
  std::string_view reply_;
  std::optional<Violation> violation_;
};

bool all_zeros(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::string_view info_field(std::string_view reply, std::string_view name) {
  while (!reply.empty()) {
    auto line = take_line(reply);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

Parsed<ClusterInfo> parse_cluster_info(std::string_view reply) {
  Fields fields(reply);
  ClusterInfo info;
  const auto state = fields.required("cluster_state");
  if (!state.empty() && state != "ok" && state != "fail") fields.refuse(bad("cluster_state", state));
  info.ok = state == "ok";
  const auto epoch = fields.required("cluster_current_epoch");
  if (const auto parsed = number<std::uint64_t>(epoch)) {
    info.current_epoch = {*parsed};
  } else {
    fields.refuse(bad("cluster_current_epoch", epoch));
  }
  info.own_epoch = {static_cast<std::uint64_t>(fields.integer("cluster_my_epoch", 0))};
  info.known_nodes = static_cast<std::uint64_t>(fields.integer("cluster_known_nodes", 0));
  return std::move(fields).finish(info);
}

Parsed<ServerInfo> parse_server_info(std::string_view reply) {
  Fields fields(reply);
  ServerInfo info;
  fields.required("run_id");
  info.run_id = {fields.identity("run_id")};
  info.clustered = fields.required("redis_mode") == "cluster";
  return std::move(fields).finish(std::move(info));
}

Parsed<ReplicationInfo> parse_replication_info(std::string_view reply) {
  Fields fields(reply);
  ReplicationInfo info;
  const auto role = fields.required("role");
  if (role == "master") {
    info.role = Role::primary;
  } else if (role == "slave") {
    info.role = Role::replica;
  } else {
    fields.refuse(bad("role", role));
  }
  info.replid = {fields.identity("master_replid")};
  info.previous_replid = {fields.identity("master_replid2")};
  if (all_zeros(info.previous_replid.value)) info.previous_replid = {};
  info.offset = fields.integer("master_repl_offset", -1);
  info.previous_offset = fields.integer("second_repl_offset", -1);
  info.link_up = info_field(reply, "master_link_status") == "up";
  return std::move(fields).finish(std::move(info));
}

}  // namespace dbha::redis
