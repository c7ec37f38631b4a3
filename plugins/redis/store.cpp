#include "redis/store.hpp"

#include <algorithm>

#include "redis/slot.hpp"
#include "redis/store_layout.hpp"
#include "redis/store_reply.hpp"
#include "redis/store_scan.hpp"
#include "redis/store_scripts.hpp"

namespace dbha::redis {
namespace {

using Texts = std::vector<std::string>;

std::optional<std::string> unfit(const EntryName& name) {
  if (name.table.empty()) return "an entry needs a table";
  if (name.topic.empty()) return "an entry needs a topic";
  return std::nullopt;
}

std::optional<std::string> unfit(const EntryName& name, std::uint64_t version) {
  if (version == 0) return "version 0 stands for \"never written\": versions begin at 1";
  return unfit(name);
}

std::optional<std::string> unfit(const ScanRange& range) {
  if (range.topic && !range.table) return "a topic to scan needs its table";
  if (range.table && range.table->empty()) return "a table to scan needs a name";
  if (range.topic && range.topic->empty()) return "a topic to scan needs a name";
  return std::nullopt;
}

/// Of the keys of a batch.
std::optional<std::string> unfit(const Texts& keys) {
  const Partition slot = slot_of(keys.front());
  for (const auto& key : keys)
    if (slot_of(key) != slot)
      return "entries of a batch lie in one partition: " + shown(key) + " does not lie where " + shown(keys.front()) +
             " does";
  return std::nullopt;
}

std::string ms_text(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

Call call_of(const char* verb, const std::string& script, const Texts& keys, const Texts& arguments,
             Duration deadline) {
  Call call{.key = keys.front(), .repeatable = true, .deadline = deadline};
  call.args.reserve(3 + keys.size() + arguments.size());
  call.args = {verb, script, std::to_string(keys.size())};
  call.args.insert(call.args.end(), keys.begin(), keys.end());
  call.args.insert(call.args.end(), arguments.begin(), arguments.end());
  return call;
}

Texts keys_of(const std::vector<EntryName>& names) {
  Texts out;
  for (const auto& name : names) out.push_back(key_of(name));
  return out;
}

/// For callers who do not want to know.
VersionedStore::Done heard(VersionedStore::Done done) {
  if (done) return done;
  return [](const StoreResult&) {};
}

VersionedStore::PacedPage unpaced(VersionedStore::Page page) {
  return [page = std::move(page)](std::vector<Entry> entries, const std::function<void()>& next) {
    if (page) page(std::move(entries));
    next();
  };
}

/// Millions of these are made in a row, so nothing is copied.
Call look_at(std::string key, Partition partition, std::optional<Duration> deadline) {
  Call call{.repeatable = true, .deadline = deadline, .partition = partition};
  call.args.reserve(4);
  call.args.emplace_back("HMGET");
  call.args.push_back(std::move(key));
  call.args.emplace_back("v");
  call.args.emplace_back("x");
  return call;
}

/// A look() under way. Its first failure is that of the whole.
class Looking {
 public:
  Looking(std::vector<EntryName> names, VersionedStore::BatchDone done)
      : names_(std::move(names)), left_(names_.size()), done_(std::move(done)) {
    result_.outcome = Outcome::ok;
    result_.each.resize(names_.size());
  }
  void add(std::size_t i, const Result& result) {
    if (result.ok()) {
      result_.each[i] = looked_at(std::move(names_[i]), result.value);
    } else if (holds_no_entry(result)) {
      result_.each[i].trouble = failure_of(key_of(names_[i]), result).detail;
    } else if (result_.ok()) {
      StoreResult failure = failure_of(key_of(names_[i]), result);
      result_.outcome = failure.outcome;
      result_.detail = std::move(failure.detail);
    }
    if (--left_ == 0) done_(std::move(result_));
  }

 private:
  std::vector<EntryName> names_;
  std::size_t left_;
  VersionedStore::BatchDone done_;
  BatchResult result_;
};

class RedisStore final : public VersionedStore {
 public:
  RedisStore(EventLoop& loop, Database& database, const Route& route, StoreSettings settings)
      : loop_(loop), database_(database), route_(route), settings_(settings) {}

  Partition partition_of(const EntryName& name) const override { return slot_of(key_of(name)); }
  void get(EntryName name, Done done, std::optional<Duration> deadline) override;
  void put(EntryName name, std::string value, std::uint64_t version, Done done,
           std::optional<Duration> deadline) override {
    write(put_script(), std::move(name), version, std::move(value), std::move(done), deadline);
  }
  void create(EntryName name, std::string value, std::uint64_t version, Done done,
              std::optional<Duration> deadline) override {
    write(create_script(), std::move(name), version, std::move(value), std::move(done), deadline);
  }
  void remove(EntryName name, std::uint64_t version, Done done, std::optional<Duration> deadline) override {
    write(remove_script(), std::move(name), version, ms_text(settings_.tombstone_ttl), std::move(done), deadline);
  }
  void scan(ScanRange range, Page page, Done done, std::optional<Duration> deadline) override {
    scan_paced(std::move(range), unpaced(std::move(page)), std::move(done), deadline);
  }
  void scan_paced(ScanRange range, PacedPage page, Done done, std::optional<Duration> deadline) override;
  void look(std::vector<EntryName> names, BatchDone done, std::optional<Duration> deadline) override;
  void write_all(std::vector<Entry> entries, BatchDone done, std::optional<Duration> deadline) override;
  void next_number(const std::string& table, std::uint64_t floor, Done done, std::optional<Duration> deadline) override;

 private:
  void write(const Script& script, EntryName name, std::uint64_t version, std::string argument, Done done,
             std::optional<Duration> deadline);
  void run(const Script& script, Texts keys, Texts arguments, TimePoint end, Completion done);
  void run(const Script& script, std::vector<EntryName> names, Texts keys, Texts arguments, TimePoint end,
           BatchDone done);
  void answer_later(StoreResult answer, Done done);
  void refuse(std::string why, Done done) {
    answer_later({.outcome = Outcome::refused, .detail = std::move(why)}, std::move(done));
  }
  void refuse(std::string why, BatchDone done) {
    refuse(std::move(why), [done = std::move(done)](StoreResult result) {
      done({.outcome = result.outcome, .detail = std::move(result.detail)});
    });
  }

  TimePoint end_of(std::optional<Duration> deadline) const {
    return loop_.now() + deadline.value_or(settings_.call_deadline);
  }
  Duration until(TimePoint end) const { return std::max(end - loop_.now(), Duration(0)); }

  EventLoop& loop_;
  Database& database_;
  const Route& route_;
  StoreSettings settings_;
};

/// Without a call: but later, and before close() returns, as if there had been one. The database does just this with a
/// call that has no command.
void RedisStore::answer_later(StoreResult answer, Done done) {
  database_.submit({}, [answer = std::move(answer), done = heard(std::move(done))](const Result& result) {
    if (result.outcome == Outcome::cancelled) return done(failure_of("the store", result));
    done(answer);
  });
}

void RedisStore::get(EntryName name, Done done, std::optional<Duration> deadline) {
  if (auto why = unfit(name)) return refuse(std::move(*why), std::move(done));
  const TimePoint end = end_of(deadline);
  std::string key = key_of(name);
  Call call{.key = key, .args = {"HMGET", key, "v", "x", "d"}, .repeatable = true, .deadline = deadline};
  database_.submit(
      std::move(call), [=, this, name = std::move(name), done = heard(std::move(done))](const Result& result) {
        StoreResult answer = found(name, result);
        if (!answer.ok() || answer.entry) return done(std::move(answer));
        // Nothing, or a hash of somebody else's.
        run(look_script(), {key}, {}, end, [name, done](const Result& looked) { done(found(name, looked)); });
      });
}

void RedisStore::write(const Script& script, EntryName name, std::uint64_t version, std::string argument, Done done,
                       std::optional<Duration> deadline) {
  if (auto why = unfit(name, version)) return refuse(std::move(*why), std::move(done));
  std::string key = key_of(name);
  run(script, {std::move(key)}, {std::to_string(version), std::move(argument)}, end_of(deadline),
      [name = std::move(name), done = heard(std::move(done))](const Result& result) { done(written(name, result)); });
}

/// Commands in a row, which leave together: a script that asks for each would cost the primary more than twice as much.
void RedisStore::look(std::vector<EntryName> names, BatchDone done, std::optional<Duration> deadline) {
  Texts keys = keys_of(names);
  if (auto why = unfit(keys)) return refuse(std::move(*why), std::move(done));
  const Partition partition = slot_of(keys.front());
  auto looking = std::make_shared<Looking>(std::move(names), std::move(done));
  for (std::size_t i = 0; i < keys.size(); ++i)
    database_.submit(look_at(std::move(keys[i]), partition, deadline),
                     [looking, i](const Result& result) { looking->add(i, result); });
}

void RedisStore::write_all(std::vector<Entry> entries, BatchDone done, std::optional<Duration> deadline) {
  std::vector<EntryName> names;
  Texts arguments{ms_text(settings_.tombstone_ttl)};
  for (auto& entry : entries) {
    arguments.push_back(std::to_string(entry.version));
    arguments.emplace_back(entry.removed ? "x" : "d");
    arguments.push_back(std::move(entry.value));
    names.push_back(std::move(entry.name));
  }
  Texts keys = keys_of(names);
  run(write_each_script(), std::move(names), std::move(keys), std::move(arguments), end_of(deadline), std::move(done));
}

void RedisStore::run(const Script& script, std::vector<EntryName> names, Texts keys, Texts arguments, TimePoint end,
                     BatchDone done) {
  if (auto why = unfit(keys)) return refuse(std::move(*why), std::move(done));
  run(script, std::move(keys), std::move(arguments), end,
      [names = std::move(names), done = std::move(done)](const Result& result) { done(batch(names, result)); });
}

void RedisStore::next_number(const std::string& table, std::uint64_t floor, Done done,
                             std::optional<Duration> deadline) {
  if (table.empty()) return refuse("a counter needs a table", std::move(done));
  if (floor >= last_number) return refuse("numbers end at " + std::to_string(last_number), std::move(done));
  std::string key = counter_of(table);
  run(number_script(), {key}, {std::to_string(floor)}, end_of(deadline),
      [key, done = heard(std::move(done))](const Result& result) { done(counted(key, result)); });
}

void RedisStore::scan_paced(ScanRange range, PacedPage page, Done done, std::optional<Duration> deadline) {
  if (auto why = unfit(range)) return refuse(std::move(*why), std::move(done));
  if (partitions_of(range).empty()) return answer_later({.outcome = Outcome::ok}, std::move(done));
  std::make_shared<StoreScan>(database_, route_, std::move(range), std::move(page), std::move(done), deadline)->start();
}

/// Repeatable, because each script is: its guard finds what an earlier sending has done.
void RedisStore::run(const Script& script, Texts keys, Texts arguments, TimePoint end, Completion done) {
  Call call = call_of("EVALSHA", script.sha, keys, arguments, until(end));
  database_.submit(std::move(call), [=, this, &script, keys = std::move(keys), arguments = std::move(arguments),
                                     done = std::move(done)](Result result) {
    if (!script_unknown(result)) return done(std::move(result));
    database_.submit(call_of("EVAL", script.text, keys, arguments, until(end)), done);
  });
}

}  // namespace

std::unique_ptr<VersionedStore> make_store(EventLoop& loop, Database& database, const Route& route,
                                           StoreSettings settings) {
  return std::make_unique<RedisStore>(loop, database, route, settings);
}

}  // namespace dbha::redis
