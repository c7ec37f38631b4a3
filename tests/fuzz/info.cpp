// CLUSTER INFO, INFO server, INFO replication: whatever a node says, a value or a reason.
#include "invariant.hpp"
#include "redis/info_reply.hpp"
#include "redis/text_fields.hpp"

using namespace dbha;
using namespace dbha::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const auto cluster = redis::parse_cluster_info(text);
  const auto server = redis::parse_server_info(text);
  const auto replication = redis::parse_replication_info(text);
  if (const auto* violation = redis::violation_of(cluster)) hold_printable(*violation);
  if (const auto* violation = redis::violation_of(server)) {
    hold_printable(*violation);
  } else {
    const auto& run_id = std::get<redis::ServerInfo>(server).run_id.value;
    hold(!run_id.empty() && redis::is_plain_word(run_id), "a run id is fit for the state store");
  }
  if (const auto* violation = redis::violation_of(replication)) {
    hold_printable(*violation);
  } else {
    const auto& info = std::get<redis::ReplicationInfo>(replication);
    hold(info.role != Role::unknown, "a node has a role");
    hold(redis::is_plain_word(info.replid.value), "a replid is fit for the state store");
    hold(redis::is_plain_word(info.previous_replid.value), "a former replid is fit for the state store");
  }
  return 0;
}
