#pragma once
/// R6, the controller's half: which dbrestarts a handler is due.

#include <optional>

#include <dbha/events.hpp>

namespace dbha {

/// The events for exactly the partitions whose mark is another event than the handler has handled, one for each change.
/// `handled` is nothing for a handler that has no memory yet: it gets one event for all partitions, cause `start`. Ids
/// are the caller's to give. `followed`: this process has applied the topology before, so no change was missed; without
/// that a mark's `none` speaks of the last change only, and is told as unknown.
std::vector<DbRestart> due_restarts(const PartitionMap<Mark>& marks, const std::optional<PartitionMap<Mark>>& handled,
                                    bool followed = false);

/// Whether the change came directly after what the handler has handled, as far as the owners tell.
bool directly_after(const Mark& mark, const Mark& handled);

/// Several events as one, at least one, oldest first: all partitions, the newest change's cause and epoch, the earliest
/// last_healthy, the worst loss. Of several shards no primary is named on which they do not agree.
DbRestart merged(std::vector<DbRestart> events);

/// The earlier of two times at which a shard was last seen healthy; 0 is none.
std::int64_t earlier_healthy(std::int64_t a, std::int64_t b);

/// Of two changes together: `possible` if either is, `none` only if both are.
Loss worse(Loss a, Loss b);

}  // namespace dbha
