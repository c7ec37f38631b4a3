#pragma once
/// A database of versioned entries that fails on command, and answers on a thread of its own, as the loop's would be.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <dbha/consistency.hpp>
#include <dbha/versioned_store.hpp>

#include "support/sample_topology.hpp"

namespace dbha::test {

class FakeDatabase final : public VersionedStore {
 public:
  static constexpr std::uint32_t partitions = 16;

  FakeDatabase() : thread_([this] { run(); }) {}
  ~FakeDatabase() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  // What breaks, and is repaired.
  void away(std::set<std::uint32_t> which) {
    set([&] { away_ = std::move(which); });
  }
  void back() { away({}); }
  static std::set<std::uint32_t> all() {
    std::set<std::uint32_t> out;
    for (std::uint32_t p = 0; p < partitions; ++p) out.insert(p);
    return out;
  }
  /// Writes are answered when it is let go.
  void hold(bool held) {
    set([&] { held_ = held; });
  }
  /// Only questions are answered.
  void refuse_writes(bool refused) {
    set([&] { writes_refused_ = refused; });
  }
  /// Scans are refused.
  void forbid_scans(bool forbidden) {
    set([&] { scans_forbidden_ = forbidden; });
  }
  void reject(const std::string& topic) {
    set([&] { rejected_ = topic; });
  }
  /// Called on its thread right before it looks for an entry that is asked for, and before it tells what it found.
  void around_looks(std::function<void()> before, std::function<void()> after) {
    set([&] {
      before_look_ = std::move(before);
      after_look_ = std::move(after);
    });
  }
  /// From now on writes go to a primary that has been replaced: answer_late() has it acknowledge them, and nobody else
  /// has them.
  void to_replaced_primary(bool whether) {
    set([&] { to_replaced_primary_ = whether; });
  }
  std::size_t unanswered() const {
    const std::lock_guard lock(mutex_);
    return late_.size();
  }
  void answer_late() {
    std::vector<Write> late;
    set([&] { late.swap(late_); });
    for (auto& write : late) write.done({.outcome = Outcome::ok, .applied = true});
  }
  void lose(const EntryName& name) {
    set([&] { entries_.erase(name); });
  }
  void plant(const Entry& entry) {
    set([&] { entries_[entry.name] = entry; });
  }

  // What it saw.
  std::optional<Entry> entry(const EntryName& name) const {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    return at == entries_.end() ? std::nullopt : std::optional(at->second);
  }
  std::string value(const EntryName& name) const {
    const auto found = entry(name);
    return !found ? "nothing" : found->removed ? "removed" : found->value;
  }
  /// The values that were sent of this entry, in order.
  std::vector<std::string> sent(const EntryName& name) const {
    const std::lock_guard lock(mutex_);
    const auto at = sent_.find(name);
    return at == sent_.end() ? std::vector<std::string>{} : at->second;
  }
  std::size_t sendings() const {
    const std::lock_guard lock(mutex_);
    std::size_t n = 0;
    for (const auto& [name, values] : sent_) n += values.size();
    return n;
  }
  /// How many entries of the partition were asked for.
  std::size_t asked(Partition partition) const {
    const std::lock_guard lock(mutex_);
    const auto at = asked_.find(partition.value);
    return at == asked_.end() ? 0 : at->second;
  }
  std::size_t scans() const {
    const std::lock_guard lock(mutex_);
    return scans_;
  }
  /// Two sendings of one entry were under way at the same time.
  bool overlapped() const {
    const std::lock_guard lock(mutex_);
    return overlapped_;
  }

  Partition partition_of(const EntryName& name) const override {
    std::uint32_t sum = 0;
    for (const char c : name.table + '.' + name.topic) sum = sum * 31 + static_cast<unsigned char>(c);
    return {sum % partitions};
  }
  void put(EntryName name, std::string value, std::uint64_t version, Done done, std::optional<Duration>) override {
    write({std::move(name), version, std::move(value), false}, std::move(done));
  }
  void remove(EntryName name, std::uint64_t version, Done done, std::optional<Duration>) override {
    write({std::move(name), version, {}, true}, std::move(done));
  }
  void get(EntryName name, Done done, std::optional<Duration>) override {
    set([&] { queue_.push_back({{std::move(name), 0, {}, false}, std::move(done)}); });
  }
  void create(EntryName, std::string, std::uint64_t, Done, std::optional<Duration>) override {}
  void scan(ScanRange range, Page page, Done done, std::optional<Duration> deadline) override {
    const auto at_once = [page = std::move(page)](std::vector<Entry> entries, const std::function<void()>& next) {
      page(std::move(entries));
      next();
    };
    scan_paced(std::move(range), at_once, std::move(done), deadline);
  }
  /// Of what is there now, in pages of three.
  void scan_paced(ScanRange range, PacedPage page, Done done, std::optional<Duration>) override {
    set([&] {
      auto scan = std::make_shared<Scan>(Scan{std::move(range), std::move(page), std::move(done), {}});
      for (const auto& [name, entry] : entries_)
        if (scan->wants(entry, partition_of(name))) scan->left.push_back(entry);
      ++scans_;
      queue_.push_back({.entry = {}, .done = {}, .scan = std::move(scan)});
    });
  }
  void next_number(const std::string&, std::uint64_t, Done, std::optional<Duration>) override {}

 private:
  struct Scan {
    ScanRange range;
    PacedPage page;
    Done done;
    std::vector<Entry> left;

    bool wants(const Entry& entry, Partition partition) const {
      if (range.table && entry.name.table != *range.table) return false;
      if (!range.removed && entry.removed) return false;
      return range.partitions.empty() || range.partitions.find(partition);
    }
  };
  struct Write {
    Entry entry;  ///< version 0: it is asked for
    Done done;
    std::shared_ptr<Scan> scan{};  ///< a page of it is
  };

  template <class Change>
  void set(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }

  void write(Entry entry, Done done) {
    {
      const std::lock_guard lock(mutex_);
      sent_[entry.name].push_back(entry.removed ? "removed" : entry.value);
      if (to_replaced_primary_) return late_.push_back({std::move(entry), std::move(done)});
      if (!under_way_.insert(entry.name).second) overlapped_ = true;
      queue_.push_back({std::move(entry), std::move(done)});
    }
    changed_.notify_all();
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return ending_ || (!queue_.empty() && !held_); });
      if (ending_) return;
      Write next = std::move(queue_.front());
      queue_.pop_front();
      if (next.scan) {
        go_on(std::move(next.scan), lock);
        continue;
      }
      const bool asked = next.entry.version == 0;
      if (!asked) under_way_.erase(next.entry.name);
      if (asked) call(before_look_, lock);
      StoreResult result = asked ? look_up(next.entry.name) : answer(next.entry);
      if (asked) call(after_look_, lock);
      lock.unlock();
      next.done(std::move(result));
      lock.lock();
    }
  }

  static void call(const std::function<void()>& hook, std::unique_lock<std::mutex>& lock) {
    if (!hook) return;
    const auto copy = hook;
    lock.unlock();
    copy();
    lock.lock();
  }

  void go_on(std::shared_ptr<Scan> scan, std::unique_lock<std::mutex>& lock) {
    bool answered = true;
    for (const auto p : away_)
      if (scan->range.partitions.empty() || scan->range.partitions.find({p})) answered = false;
    const bool forbidden = scans_forbidden_;
    std::vector<Entry> entries;
    for (; answered && !forbidden && entries.size() < 3 && !scan->left.empty(); scan->left.pop_back()) {
      entries.push_back(scan->left.back());
      if (!scan->range.values) entries.back().value.clear();
    }
    lock.unlock();
    if (forbidden) {
      scan->done({.outcome = Outcome::error_reply, .detail = "NOPERM no permission"});
    } else if (!answered) {
      scan->done({.outcome = Outcome::timeout, .detail = "nobody answers"});
    } else if (entries.empty()) {
      scan->done({.outcome = Outcome::ok});
    } else {
      scan->page(std::move(entries),
                 [this, scan] { set([&] { queue_.push_back({.entry = {}, .done = {}, .scan = scan}); }); });
    }
    lock.lock();
  }

  StoreResult look_up(const EntryName& name) {
    ++asked_[partition_of(name).value];
    if (away_.contains(partition_of(name).value)) return {.outcome = Outcome::timeout};
    const auto at = entries_.find(name);
    return {.outcome = Outcome::ok, .entry = at == entries_.end() ? std::nullopt : std::optional(at->second)};
  }

  StoreResult answer(const Entry& entry) {
    if (writes_refused_ || away_.contains(partition_of(entry.name).value)) return {.outcome = Outcome::outcome_unknown};
    if (entry.name.topic == rejected_) return {.outcome = Outcome::error_reply, .detail = "NOPERM no permission"};
    Entry& is = entries_[entry.name];
    if (entry.version > is.version) is = entry;
    if (is == entry) return {.outcome = Outcome::ok, .applied = true};
    return {.outcome = Outcome::ok, .applied = false, .entry = is};
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Write> queue_;
  std::vector<Write> late_;
  bool to_replaced_primary_ = false;
  std::map<EntryName, Entry> entries_;
  std::map<EntryName, std::vector<std::string>> sent_;
  std::set<EntryName> under_way_;
  std::map<std::uint32_t, std::size_t> asked_;
  std::size_t scans_ = 0;
  bool overlapped_ = false;
  std::set<std::uint32_t> away_;
  std::string rejected_;
  std::function<void()> before_look_;
  std::function<void()> after_look_;
  bool held_ = false;
  bool writes_refused_ = false;
  bool scans_forbidden_ = false;
  bool ending_ = false;
  std::thread thread_;
};

/// A process whose topology gives each half of the partitions to a primary of its own.
class FakeHost final : public ConsistencyHost {
 public:
  FakeHost() {
    Topology topology;
    topology.partitions = FakeDatabase::partitions;
    topology.nodes = {node("a", Role::primary, "life-a"), node("b", Role::primary, "life-b")};
    topology.claims.set(range(0, 7), claim("a", 1));
    topology.claims.set(range(8, 15), claim("b", 2));
    topology_ = std::make_shared<const Topology>(std::move(topology));
  }
  VersionedStore* versioned_store() override { return store; }
  std::shared_ptr<const Topology> topology() const override { return topology_; }
  Duration resync_window() const override { return window; }
  /// Messages get lost.
  void lose_messages(bool lost) { lost_ = lost; }
  /// Of a channel, in order, lost ones too.
  std::vector<std::string> said(const std::string& channel) const {
    const std::lock_guard lock(mutex_);
    const auto at = said_.find(channel);
    return at == said_.end() ? std::vector<std::string>{} : at->second;
  }

  void publish(std::string channel, std::string message, Completion done) override {
    Database::MessageHandler handler;
    {
      const std::lock_guard lock(mutex_);
      said_[channel].push_back(message);
      if (const auto at = handlers_.find(channel); at != handlers_.end()) handler = at->second;
    }
    if (handler && !lost_) handler(channel, message);
    done({.outcome = Outcome::ok});
  }
  void subscribe(std::string channel, Database::MessageHandler handler) override {
    const std::lock_guard lock(mutex_);
    handlers_[channel] = std::move(handler);
  }
  void unsubscribe(std::string channel) override {
    const std::lock_guard lock(mutex_);
    handlers_.erase(channel);
  }

  VersionedStore* store = nullptr;
  std::atomic<Duration> window{};

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Database::MessageHandler> handlers_;
  std::map<std::string, std::vector<std::string>> said_;
  std::atomic<bool> lost_ = false;
  std::shared_ptr<const Topology> topology_;
};

}  // namespace dbha::test
