#include "memory/store.hpp"

#include <utility>

#include "memory/entry_key.hpp"
#include "memory/store_reply.hpp"
#include "memory/store_scan.hpp"

namespace dbha::memory {
namespace {

std::optional<std::string> unfit(const EntryName& name) {
  if (name.table.empty()) return "an entry needs a table";
  if (name.topic.empty()) return "an entry needs a topic";
  return std::nullopt;
}

std::optional<std::string> unfit(const EntryName& name, std::uint64_t version) {
  if (version == 0) return "version 0 stands for \"never written\": versions begin at 1";
  return unfit(name);
}

std::optional<std::string> unfit(const ScanRange& range, std::uint32_t partitions) {
  if (range.topic && !range.table) return "a topic to scan needs its table";
  if (range.table && range.table->empty()) return "a table to scan needs a name";
  if (range.topic && range.topic->empty()) return "a topic to scan needs a name";
  if (!range.partitions.empty() && range.partitions.entries().back().range.last.value >= partitions)
    return "partitions end at " + std::to_string(partitions - 1);
  return std::nullopt;
}

/// For callers who do not want to know.
VersionedStore::Done heard(VersionedStore::Done done) {
  if (done) return done;
  return [](const StoreResult&) {};
}

}  // namespace

Partition MemoryStore::partition_of(const EntryName& name) const {
  return partition_of_entry(name, partitions_);
}

void MemoryStore::get(EntryName name, Done done, std::optional<Duration> deadline) {
  if (auto why = unfit(name)) return refuse(std::move(*why), std::move(done));
  const std::string key = key_of(name);
  database_.submit(
      {.key = key, .args = {"VGET", key}, .deadline = deadline},
      [name = std::move(name), done = heard(std::move(done))](const Result& result) { done(found(name, result)); });
}

void MemoryStore::put(EntryName name, std::string value, std::uint64_t version, Done done,
                      std::optional<Duration> deadline) {
  write(name, version, {"VPUT", key_of(name), std::to_string(version), std::move(value)}, std::move(done), deadline);
}

void MemoryStore::create(EntryName name, std::string value, std::uint64_t version, Done done,
                         std::optional<Duration> deadline) {
  write(name, version, {"VCREATE", key_of(name), std::to_string(version), std::move(value)}, std::move(done), deadline);
}

void MemoryStore::remove(EntryName name, std::uint64_t version, Done done, std::optional<Duration> deadline) {
  write(name, version, {"VREMOVE", key_of(name), std::to_string(version)}, std::move(done), deadline);
}

/// Repeatable: the guard finds what an earlier sending has done.
void MemoryStore::write(EntryName name, std::uint64_t version, std::vector<std::string> args, Done done,
                        std::optional<Duration> deadline) {
  if (auto why = unfit(name, version)) return refuse(std::move(*why), std::move(done));
  std::string key = args[1];
  database_.submit(
      {.key = std::move(key), .args = std::move(args), .repeatable = true, .deadline = deadline},
      [name = std::move(name), done = heard(std::move(done))](const Result& result) { done(written(name, result)); });
}

void MemoryStore::next_number(const std::string& table, std::uint64_t floor, Done done,
                              std::optional<Duration> deadline) {
  if (table.empty()) return refuse("a counter needs a table", std::move(done));
  if (floor >= last_number) return refuse("numbers end at " + std::to_string(last_number), std::move(done));
  const std::string key = counter_of(table);
  database_.submit(
      {.key = key, .args = {"VNUMBER", key, std::to_string(floor)}, .repeatable = true, .deadline = deadline},
      [key, done = heard(std::move(done))](const Result& result) { done(counted(key, result)); });
}

void MemoryStore::scan(ScanRange range, Page page, Done done, std::optional<Duration> deadline) {
  auto unpaced = [page = std::move(page)](std::vector<Entry> entries, const std::function<void()>& next) {
    if (page) page(std::move(entries));
    next();
  };
  scan_paced(std::move(range), std::move(unpaced), std::move(done), deadline);
}

void MemoryStore::scan_paced(ScanRange range, PacedPage page, Done done, std::optional<Duration> deadline) {
  if (auto why = unfit(range, partitions_)) return refuse(std::move(*why), std::move(done));
  PartitionSet where = partitions_of(range, partitions_);
  if (where.empty()) return answer_later({.outcome = Outcome::ok}, std::move(done));
  std::make_shared<StoreScan>(database_, route_, std::move(range), std::move(where), std::move(page),
                              heard(std::move(done)), deadline)
      ->start();
}

/// Without a call: but later, and before close() returns, as if there had been one. The database does just this with a
/// call that has no command.
void MemoryStore::answer_later(StoreResult answer, Done done) {
  database_.submit({}, [answer = std::move(answer), done = heard(std::move(done))](const Result& result) {
    if (result.outcome == Outcome::cancelled) return done(failure_of("the store", result));
    done(answer);
  });
}

void MemoryStore::refuse(std::string why, Done done) {
  answer_later({.outcome = Outcome::refused, .detail = std::move(why)}, std::move(done));
}

}  // namespace dbha::memory
