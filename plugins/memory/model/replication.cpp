/// Asynchronous replication: a write is acknowledged before the replicas have it, so what has not arrived when the
/// primary dies is gone. A replica that comes anew continues the stream it knows, or takes over all data of its
/// primary.

#include "model/world.hpp"

namespace dbha::memory {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t bytes_around = 30;  // of a write in the stream, besides key and value
constexpr Duration retry_least = milliseconds(300);
constexpr Duration retry_most = milliseconds(1000);
constexpr Duration partial_least = milliseconds(1);
constexpr Duration partial_most = milliseconds(4);
constexpr Duration full_least = milliseconds(20);
constexpr Duration full_most = milliseconds(80);

void set(Data& data, const std::pair<Partition, std::string>& key, const std::optional<std::string>& value) {
  if (value) {
    data[key] = *value;
  } else {
    data.erase(key);
  }
}

/// Whether the replica's stream is the primary's, as far as it goes (PSYNC answers +CONTINUE).
bool continues(const ClusterNode& replica, const ClusterNode& primary) {
  if (replica.replid == primary.replid) return replica.offset <= primary.offset;
  return replica.replid == primary.previous_replid && replica.offset + 1 <= primary.previous_offset;
}

}  // namespace

void World::write(Index i, const std::string& key, std::optional<std::string> value) {
  ClusterNode& n = nodes_[i];
  const Partition partition = partition_of(key);
  set(n.data, {partition, key}, value);
  n.offset += static_cast<std::int64_t>(key.size() + (value ? value->size() : 0)) + bytes_around;
  for (Index r = 0; r < nodes_.size(); ++r)
    if (nodes_[r].link.up && self(r).primary == i) replicate_write(i, r, partition, key, value);
}

void World::replicate_write(Index from, Index to, Partition partition, const std::string& key,
                            const std::optional<std::string>& value) {
  ReplicationLink& link = nodes_[to].link;
  link.arrives = std::max(link.arrives, now() + random_.between(Duration(0), settings_.replication_lag));
  after(link.arrives - now(), [this, from, to, number = link.number, life = nodes_[from].life, partition, key, value,
                               offset = nodes_[from].offset] {
    if (nodes_[from].state == NodeState::down || nodes_[from].life != life) return;  // died with it
    arrive(from, to, [this, to, number, partition, key, value, offset] {
      ClusterNode& n = nodes_[to];
      if (!n.link.up || n.link.number != number) return;
      set(n.data, {partition, key}, value);
      n.offset = offset;
    });
  });
}

void World::drop_data(Index i, const PartitionSet& partitions) {
  std::vector<std::string> keys;
  for (const auto& entry : partitions)
    for (auto at = nodes_[i].data.lower_bound({entry.range.first, {}});
         at != nodes_[i].data.end() && at->first.first <= entry.range.last; ++at)
      keys.push_back(at->first.second);
  for (const auto& key : keys) write(i, key, std::nullopt);
}

void World::drop_link(Index i) {
  ReplicationLink& link = nodes_[i].link;
  if (link.up) link.contact = now();
  link.up = link.syncing = false;
  ++link.number;
  link.arrives = {};
  link.next_try = now() + random_.between(Duration(0), retry_most);
}

void World::drop_replicas_of(Index i) {
  for (Index r = 0; r < nodes_.size(); ++r)
    if (r != i && self(r).role == Role::replica && self(r).primary == i &&
        (nodes_[r].link.up || nodes_[r].link.syncing))
      drop_link(r);
}

bool World::can_sync(Index i) const {
  const Index primary = self(i).primary;
  if (nodes_[i].state != NodeState::running || self(i).role != Role::replica || primary >= nodes_.size()) return false;
  return nodes_[primary].state == NodeState::running && reaches(i, primary) && self(primary).role == Role::primary;
}

void World::try_sync(Index i) {
  ReplicationLink& link = nodes_[i].link;
  if (self(i).role != Role::replica || link.up || link.syncing || now() < link.next_try) return;
  link.next_try = now() + random_.between(retry_least, retry_most);
  if (!can_sync(i)) return;
  const bool partial = continues(nodes_[i], nodes_[self(i).primary]);
  link.syncing = true;
  after(partial ? random_.between(partial_least, partial_most) : random_.between(full_least, full_most),
        [this, i, partial, number = link.number] {
          if (nodes_[i].link.number != number || !nodes_[i].link.syncing) return;
          nodes_[i].link.syncing = false;
          if (can_sync(i)) finish_sync(i, partial);
        });
}

void World::finish_sync(Index i, bool partial) {
  ClusterNode& n = nodes_[i];
  const ClusterNode& primary = nodes_[self(i).primary];
  if (partial && !continues(n, primary)) return;  // another life has begun meanwhile
  if (!partial) {
    n.previous_replid = {};
    n.previous_offset = -1;
  } else if (n.replid != primary.replid) {
    n.previous_replid = n.replid;
    n.previous_offset = n.offset + 1;
  }
  n.replid = primary.replid;
  n.offset = primary.offset;
  n.data = primary.data;
  n.link.up = true;
  n.link.arrives = now();
}

}  // namespace dbha::memory
