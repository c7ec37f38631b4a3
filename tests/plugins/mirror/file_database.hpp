#pragma once
/// A database of versioned entries that outlives the process that writes it, as one elsewhere would: each change is a
/// line of a file. Its steps are points at which that process may die.

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <dbha/versioned_store.hpp>

namespace dbha::test {

/// Appends lines, each whole or not at all.
class Lines {
 public:
  explicit Lines(const std::filesystem::path& file)
      : fd_(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  void add(const std::string& line) const {
    if (write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

 private:
  int fd_;
};

/// Names, versions and values are plain words here.
class FileDatabase final : public VersionedStore {
 public:
  static constexpr std::uint32_t partitions = 300;
  /// Told of each step by name, on the thread that takes it.
  using Step = std::function<void(const std::string&)>;

  FileDatabase(const std::filesystem::path& file, Step step) : step_(std::move(step)), lines_(file) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) load(line);
    thread_ = std::thread([this] { run(); });
  }
  ~FileDatabase() override {
    post(nullptr);
    thread_.join();
  }

  /// What a failover loses: the entries of these partitions, once in the life of the file.
  void lose_once(std::uint32_t first, std::uint32_t last) {
    const std::lock_guard lock(mutex_);
    if (lost_) return;
    std::string lines = "lost\n";
    for (const auto& [name, entry] : entries_) {
      const auto partition = partition_of(name).value;
      if (partition >= first && partition <= last) lines += "l " + name.topic + ' ' + name.key + '\n';
    }
    lines_.add(lines);
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) load(line);
  }
  bool has_lost() const { return lost_; }

  const std::map<EntryName, Entry>& entries() const { return entries_; }
  /// How often a version of an entry was written, all lives together.
  int writes(const EntryName& name, std::uint64_t version) const {
    const auto at = writes_.find({name, version});
    return at == writes_.end() ? 0 : at->second;
  }
  bool lost(const EntryName& name) const { return lost_names_.contains(name); }

  Partition partition_of(const EntryName& name) const override {
    std::uint32_t sum = 0;
    for (const char c : name.table + '.' + name.topic) sum = sum * 31 + static_cast<unsigned char>(c);
    return {sum % partitions};
  }
  void put(EntryName name, std::string value, std::uint64_t version, Done done, std::optional<Duration>) override {
    change({std::move(name), version, std::move(value), false}, std::move(done));
  }
  void remove(EntryName name, std::uint64_t version, Done done, std::optional<Duration>) override {
    change({std::move(name), version, {}, true}, std::move(done));
  }
  void get(EntryName name, Done done, std::optional<Duration>) override {
    post([this, name = std::move(name), done = std::move(done)] {
      const auto at = entries_.find(name);
      done({.outcome = Outcome::ok, .entry = at == entries_.end() ? std::nullopt : std::optional(at->second)});
    });
  }
  void look(std::vector<EntryName> names, BatchDone done, std::optional<Duration> deadline) override {
    step_("look");
    VersionedStore::look(
        std::move(names),
        [this, done = std::move(done)](BatchResult result) {
          step_("looked");
          done(std::move(result));
        },
        deadline);
  }
  void write_all(std::vector<Entry> entries, BatchDone done, std::optional<Duration> deadline) override {
    step_("write_all");
    VersionedStore::write_all(
        std::move(entries),
        [this, done = std::move(done)](BatchResult result) {
          step_("all written");
          done(std::move(result));
        },
        deadline);
  }
  void create(EntryName, std::string, std::uint64_t, Done, std::optional<Duration>) override {}
  void scan(ScanRange, Page, Done, std::optional<Duration>) override {}
  void next_number(const std::string&, std::uint64_t, Done, std::optional<Duration>) override {}

 private:
  void load(const std::string& line) {
    std::istringstream words(line);
    std::string what;
    Entry entry;
    entry.name.table = "ports";
    words >> what >> entry.name.topic >> entry.name.key >> entry.version >> entry.removed >> entry.value;
    if (what == "lost") lost_ = true;
    if (what == "l") {
      entries_.erase(entry.name);
      lost_names_.emplace(entry.name, true);
    }
    if (what != "w") return;
    ++writes_[{entry.name, entry.version}];
    entries_[entry.name] = entry;
  }

  void change(Entry entry, Done done) {
    step_("send");
    post([this, entry = std::move(entry), done = std::move(done)] {
      StoreResult result = answer(entry);
      step_("written");
      done(std::move(result));
      step_("answered");
    });
  }

  StoreResult answer(const Entry& entry) {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(entry.name);
    if (at != entries_.end() && at->second == entry) return {.outcome = Outcome::ok, .applied = true};
    if (at != entries_.end() && at->second.version >= entry.version)
      return {.outcome = Outcome::ok, .applied = false, .entry = at->second};
    const std::string line = "w " + entry.name.topic + ' ' + entry.name.key + ' ' + std::to_string(entry.version) +
                             ' ' + (entry.removed ? '1' : '0') + ' ' + entry.value + '\n';
    lines_.add(line);
    load(line);
    return {.outcome = Outcome::ok, .applied = true};
  }

  void post(std::function<void()> task) {
    {
      const std::lock_guard lock(queue_mutex_);
      queue_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  void run() {
    while (true) {
      std::unique_lock lock(queue_mutex_);
      changed_.wait(lock, [this] { return !queue_.empty(); });
      const auto task = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      if (!task) return;
      task();
    }
  }

  Step step_;
  Lines lines_;
  std::mutex mutex_;  ///< guards what is here against lose_once()
  std::map<EntryName, Entry> entries_;
  std::map<std::pair<EntryName, std::uint64_t>, int> writes_;
  std::map<EntryName, bool> lost_names_;
  bool lost_ = false;
  std::mutex queue_mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::thread thread_;
};

}  // namespace dbha::test
