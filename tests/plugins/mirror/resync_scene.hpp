#pragma once
/// A mirror, a database that loses what it has confirmed, and dbrestarts.

#include "mirror/resync.hpp"
#include "mirror_bench.hpp"

namespace dbha::test {

inline DbRestart restart(const std::string& id, const PartitionSet& partitions, std::int64_t last_healthy_ms = 0) {
  DbRestart out;
  out.id = id;
  out.partitions = partitions;
  out.last_healthy_ms = last_healthy_ms;
  return out;
}

inline const PartitionSet everywhere = set_of({range(0, FakeDatabase::partitions - 1)});

struct Scene : MirrorBench {
  using MirrorBench::MirrorBench;

  PartitionSet partition_of(const EntryName& name) const {
    const auto partition = database.partition_of(name);
    return set_of({{partition, partition}});
  }
  /// One entry in each partition, confirmed by the database. Returns their names by partition.
  std::vector<EntryName> fill() {
    const auto out = one_in_each_partition();
    for (const auto& name : out) REQUIRE(put_through(name, "v").in_database);
    return out;
  }
  std::vector<EntryName> one_in_each_partition(const std::string& table = "ports") const {
    std::vector<EntryName> out(FakeDatabase::partitions);
    std::size_t missing = out.size();
    for (int i = 0; missing > 0; ++i) {
      const EntryName name{table, "switch-" + std::to_string(i), "eth0"};
      auto& place = out[database.partition_of(name).value];
      if (!place.topic.empty()) continue;
      place = name;
      --missing;
    }
    return out;
  }
  std::future<bool> run_aside(mirror::Resync& resync, const DbRestart& event) {
    return std::async(std::launch::async, [&resync, event] { return resync.run(event); });
  }
};

inline bool done(std::future<bool>& run) {
  REQUIRE(run.wait_for(patience) == std::future_status::ready);
  return run.get();
}

}  // namespace dbha::test
