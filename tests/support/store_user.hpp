#pragma once
/// A program that uses a versioned store, and waits for what it asked: the same on every backend.

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <dbha/versioned_store.hpp>

#include "loop/epoll_loop.hpp"
#include "support/catch.hpp"

namespace dbha::test {

class StoreUser {
 public:
  explicit StoreUser(EpollLoop& loop) : loop_(loop) {}
  virtual ~StoreUser() = default;
  virtual VersionedStore& store() = 0;

  void turn() { loop_.turn(std::chrono::milliseconds(1)); }

  template <class Condition>
  bool until(Condition condition, Duration limit = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      loop_.turn(std::chrono::milliseconds(5));
    }
    return true;
  }

  /// Starts an operation with a completion of its own and waits for it.
  template <class Start>
  StoreResult wait(Start start) {
    std::optional<StoreResult> result;
    start([&](StoreResult what) { result = std::move(what); });
    CHECK_FALSE(result.has_value());  // never before the call returns
    REQUIRE(until([&] { return result.has_value(); }));
    return *result;
  }
  StoreResult get(const EntryName& name) {
    return wait([&](auto done) { store().get(name, done); });
  }
  StoreResult put(const EntryName& name, const std::string& value, std::uint64_t version) {
    return wait([&](auto done) { store().put(name, value, version, done); });
  }
  StoreResult create(const EntryName& name, const std::string& value, std::uint64_t version) {
    return wait([&](auto done) { store().create(name, value, version, done); });
  }
  StoreResult remove(const EntryName& name, std::uint64_t version) {
    return wait([&](auto done) { store().remove(name, version, done); });
  }
  BatchResult look(const std::vector<EntryName>& names) {
    return wait_batch([&](auto done) { store().look(names, done); });
  }
  BatchResult write(const std::vector<Entry>& entries) {
    return wait_batch([&](auto done) { store().write_all(entries, done); });
  }
  StoreResult next_number(const std::string& table, std::uint64_t floor = 0) {
    return wait([&](auto done) { store().next_number(table, floor, done); });
  }

  template <class Start>
  BatchResult wait_batch(Start start) {
    std::optional<BatchResult> result;
    start([&](BatchResult what) { result = std::move(what); });
    CHECK_FALSE(result.has_value());
    REQUIRE(until([&] { return result.has_value(); }));
    return *result;
  }

  /// Puts them all, pipelined. Version 1, and the name's key as value.
  void fill(const std::vector<EntryName>& names) {
    std::size_t applied = 0, ended = 0;
    for (const EntryName& name : names) {
      store().put(name, name.key, 1, [&](const StoreResult& result) {
        applied += result.applied ? 1 : 0;
        ++ended;
      });
    }
    REQUIRE(until([&] { return ended == names.size(); }));
    REQUIRE(applied == names.size());
  }

 private:
  EpollLoop& loop_;
};

/// What a scan has found.
struct Found {
  std::vector<Entry> entries;
  std::size_t pages = 0;
  std::optional<StoreResult> result;

  void start(VersionedStore& store, ScanRange range) {
    store.scan(
        std::move(range),
        [this](std::vector<Entry> page) {
          ++pages;
          entries.insert(entries.end(), page.begin(), page.end());
        },
        [this](StoreResult what) { result = std::move(what); });
  }
  std::set<EntryName> names() const {
    std::set<EntryName> out;
    for (const Entry& entry : entries) out.insert(entry.name);
    return out;
  }
};

inline Found scan(StoreUser& user, ScanRange range = {}) {
  Found found;
  found.start(user.store(), std::move(range));
  REQUIRE(user.until([&] { return found.result.has_value(); }));
  return found;
}

inline std::set<EntryName> set_of(const std::vector<EntryName>& names) {
  return {names.begin(), names.end()};
}

/// So many of the wanted ones were not found.
inline std::size_t missing(const std::vector<EntryName>& wanted, const Found& found) {
  const auto names = found.names();
  return static_cast<std::size_t>(
      std::count_if(wanted.begin(), wanted.end(), [&](const EntryName& name) { return !names.contains(name); }));
}

/// What the scan found is what is wanted: no more, no less, and nothing broken.
inline void check_found(const Found& found, const std::vector<EntryName>& wanted) {
  INFO(found.result->detail);
  CHECK(found.result->ok());
  CHECK(found.names() == set_of(wanted));
  CHECK_FALSE(found.names().empty());
}

/// In three tables and forty topics, so that every primary has a part of each table.
inline std::vector<EntryName> many_names(std::size_t count) {
  std::vector<EntryName> names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back({"table" + std::to_string(i % 3), "topic" + std::to_string(i % 40), "key" + std::to_string(i)});
  }
  return names;
}

template <class Keep>
std::vector<EntryName> only(const std::vector<EntryName>& names, Keep keep) {
  std::vector<EntryName> kept;
  std::copy_if(names.begin(), names.end(), std::back_inserter(kept), keep);
  return kept;
}

}  // namespace dbha::test
