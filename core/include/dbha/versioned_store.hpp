#pragma once
/// Entries with versions, as an optional capability of a backend: a write never replaces a newer one, from any number
/// of writers, so each operation may be repeated without harm. What a consistency handler needs to write local data
/// back.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbha/backend.hpp>

namespace dbha {

/// Entries of one topic lie in one partition. Any bytes may stand in each part; table and topic must not be empty.
struct EntryName {
  std::string table;
  std::string topic;
  std::string key;
  friend auto operator<=>(const EntryName&, const EntryName&) = default;
};

struct Entry {
  EntryName name;
  std::uint64_t version = 0;  ///< given by the writers, who agree on an order; 0: never written
  std::string value;
  bool removed = false;  ///< a tombstone: it keeps an older write that comes late from bringing the entry back
  friend bool operator==(const Entry&, const Entry&) = default;
};

struct StoreResult {
  Outcome outcome = Outcome::cancelled;
  /// Of a write: it is stored now, by this call or by an earlier sending of the same. False with `ok`: something at
  /// least as new, or for create() anything at all, was there; see entry.
  bool applied = false;
  /// What is stored: of get(), nothing if there never was such an entry; of a write that was not applied.
  std::optional<Entry> entry{};
  std::uint64_t number = 0;  ///< of next_number()
  std::string detail{};      ///< for people, of whatever is not ok
  bool ok() const { return outcome == Outcome::ok; }
};

/// What was asked of several entries in one question, in the order in which they were named.
struct BatchResult {
  struct One {
    bool applied = false;          ///< of write_all(): as in StoreResult
    std::optional<Entry> entry{};  ///< what is stored, without its value; nothing if there is none, or if it is applied
    std::string trouble{};         ///< why nothing can be said or done: what lies there is no entry. For people
  };
  Outcome outcome = Outcome::cancelled;  ///< not ok: nothing is known of any
  std::vector<One> each{};               ///< of ok
  std::string detail{};                  ///< for people, of whatever is not ok
  bool ok() const { return outcome == Outcome::ok; }
};

/// What a scan is to find.
struct ScanRange {
  std::optional<std::string> table{};  ///< nothing: all tables
  std::optional<std::string> topic{};  ///< nothing: all topics; needs a table
  PartitionSet partitions{};           ///< only entries that lie here; empty: everywhere
  bool values = true;                  ///< false: names only, which costs the database far less
  bool removed = false;                ///< tombstones too
};

/// Loop thread only, unless it was obtained from a Controller. Completions are called exactly once, later than the call
/// returns, on the loop thread. `deadline`: of the whole operation; default: the configuration's call_deadline.
class VersionedStore {
 public:
  using Done = std::function<void(StoreResult)>;
  using Page = std::function<void(std::vector<Entry>)>;
  using PacedPage = std::function<void(std::vector<Entry>, std::function<void()> next)>;
  using BatchDone = std::function<void(BatchResult)>;

  virtual ~VersionedStore() = default;
  /// In which partition an entry lies, by its table and topic alone. Any thread.
  virtual Partition partition_of(const EntryName& name) const = 0;
  virtual void get(EntryName name, Done done, std::optional<Duration> deadline = {}) = 0;
  /// Applied if `version` is higher than what is stored, tombstones included.
  virtual void put(EntryName name, std::string value, std::uint64_t version, Done done,
                   std::optional<Duration> deadline = {}) = 0;
  /// Applied if there is no entry, or a tombstone with a lower version.
  virtual void create(EntryName name, std::string value, std::uint64_t version, Done done,
                      std::optional<Duration> deadline = {}) = 0;
  /// Leaves a tombstone. Applied if `version` is higher than what is stored; also where nothing is.
  virtual void remove(EntryName name, std::uint64_t version, Done done, std::optional<Duration> deadline = {}) = 0;
  /// Every entry that is there from the beginning to the end of the scan comes at least once, in pages of no order; one
  /// that is written or removed meanwhile may come or not, and any may come twice (after a failover the nodes concerned
  /// are read again). `deadline`: for each single question, not for the whole. While partitions move from one living
  /// primary to another (a reshard), an entry on its way may be missed.
  virtual void scan(ScanRange range, Page page, Done done, std::optional<Duration> deadline = {}) = 0;
  /// As scan(), for who may be slower than the database: no more is asked for, by whatever has found the page, before
  /// `next` is called, once and on the loop thread. If it never is, the scan is forgotten without an end.
  virtual void scan_paced(ScanRange range, PacedPage page, Done done, std::optional<Duration> deadline = {}) {
    scan(
        std::move(range), [page = std::move(page)](std::vector<Entry> entries) { page(std::move(entries), [] {}); },
        std::move(done), deadline);
  }
  /// The versions of entries, one at least, that lie in one partition, in one question: what a comparison asks, which
  /// is cheaper by far than a get() for each.
  virtual void look(std::vector<EntryName> names, BatchDone done, std::optional<Duration> deadline = {}) {
    const std::size_t count = names.size();
    gather(count, std::move(done),
           [&](std::size_t i, Done one) { get(std::move(names[i]), std::move(one), deadline); });
  }
  /// A put() of each, a remove() of each that is `removed`: one at least, in one partition and in one question. They do
  /// not depend on each other, and some may have been applied where the outcome is not ok.
  virtual void write_all(std::vector<Entry> entries, BatchDone done, std::optional<Duration> deadline = {}) {
    const std::size_t count = entries.size();
    gather(count, std::move(done), [&](std::size_t i, Done one) {
      Entry& e = entries[i];
      if (e.removed) return remove(std::move(e.name), e.version, std::move(one), deadline);
      put(std::move(e.name), std::move(e.value), e.version, std::move(one), deadline);
    });
  }
  /// A number above all that this gave for the table before, and above `floor`. Numbers that were given shortly before
  /// a failover may come again, as any acknowledged write may be lost then: pass as `floor` the highest number in use,
  /// after a dbrestart at least.
  virtual void next_number(const std::string& table, std::uint64_t floor, Done done,
                           std::optional<Duration> deadline = {}) = 0;

 private:
  /// For backends that have no such question: one by one. The batch ends as the first that got no answer.
  template <class Ask>
  static void gather(std::size_t count, BatchDone done, Ask ask) {
    struct Gathering {
      BatchResult result;
      std::size_t left;
      BatchDone done;
    };
    auto gathering = std::make_shared<Gathering>(Gathering{{.outcome = Outcome::ok}, count, std::move(done)});
    gathering->result.each.resize(count);
    for (std::size_t i = 0; i < count; ++i)
      ask(i, [gathering, i](StoreResult got) {
        BatchResult& whole = gathering->result;
        if (got.ok()) {
          if (got.entry) got.entry->value.clear();
          whole.each[i] = {.applied = got.applied, .entry = std::move(got.entry)};
        } else if (got.outcome == Outcome::error_reply) {
          whole.each[i].trouble = std::move(got.detail);
        } else if (whole.ok()) {
          whole.outcome = got.outcome;
          whole.detail = std::move(got.detail);
        }
        if (--gathering->left == 0 && gathering->done) gathering->done(std::move(whole));
      });
  }
};

}  // namespace dbha
