#pragma once
/// R6, the controller's half: which dbrestarts a handler is due.

#include <optional>

#include <dbha/events.hpp>

namespace dbha {

/// The events for exactly the partitions whose mark is another event than the handler has handled, one for each change.
/// `handled` is nothing for a handler that has no memory yet: it gets one event for all partitions, cause `start`. Ids
/// are the caller's to give.
std::vector<DbRestart> due_restarts(const PartitionMap<Mark>& marks, const std::optional<PartitionMap<Mark>>& handled);

}  // namespace dbha
