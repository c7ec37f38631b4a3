#pragma once
/// What a versioned store promises, on whatever backend: each function is one rule, and checks it on a database that is
/// empty, with one program or with several.

#include <map>
#include <random>

#include "support/store_user.hpp"

namespace dbha::test {

inline const EntryName flow{"flows", "switch-7", "eth0"};

inline Entry entry(std::uint64_t version, std::string value) {
  return {flow, version, std::move(value), false};
}
inline Entry tombstone(std::uint64_t version) {
  return {flow, version, "", true};
}

inline void check_applied(const StoreResult& result) {
  INFO(result.detail);
  CHECK(result.ok());
  CHECK(result.applied);
  CHECK_FALSE(result.entry.has_value());
}
inline void check_left(const StoreResult& result, const Entry& stored) {
  INFO(result.detail);
  CHECK(result.ok());
  CHECK_FALSE(result.applied);
  CHECK(result.entry == stored);
}
inline void check_refused(const StoreResult& result, const std::string& why) {
  CHECK(result.outcome == Outcome::refused);
  CHECK(result.detail == why);
}
inline void check_error(const StoreResult& result, const std::string& part) {
  INFO(result.detail);
  CHECK(result.outcome == Outcome::error_reply);
  CHECK(result.detail.find(part) != std::string::npos);
  CHECK_FALSE(result.entry.has_value());
}

/// Programs of one database, which share a loop.
using StoreUsers = std::vector<StoreUser*>;

inline void put_replaces_what_is_older(StoreUser& on) {
  CHECK_FALSE(on.get(flow).entry.has_value());
  check_applied(on.put(flow, "a", 5));
  CHECK(on.get(flow).entry == entry(5, "a"));
  check_left(on.put(flow, "b", 4), entry(5, "a"));
  check_left(on.put(flow, "b", 5), entry(5, "a"));
  check_applied(on.put(flow, "a", 5));  // the same write, sent again
  check_applied(on.put(flow, "", 6));
  CHECK(on.get(flow).entry == entry(6, ""));
}

inline EntryName beside(const std::string& key) {
  return {flow.table, flow.topic, key};
}

inline void a_batch_tells_the_versions(StoreUser& on) {
  check_applied(on.put(flow, "a", 5));
  check_applied(on.remove(beside("gone"), 7));
  const auto seen = on.look({beside("never"), flow, beside("gone")});
  INFO(seen.detail);
  REQUIRE(seen.ok());
  REQUIRE(seen.each.size() == 3);
  CHECK_FALSE(seen.each[0].entry);
  CHECK(seen.each[1].entry == entry(5, ""));
  CHECK(seen.each[2].entry == Entry{beside("gone"), 7, "", true});
}

inline void a_batch_writes_as_each_alone_would(StoreUser& on) {
  check_applied(on.put(flow, "a", 5));
  check_applied(on.put(beside("older"), "a", 5));
  check_applied(on.put(beside("removed"), "a", 5));
  check_applied(on.remove(beside("back"), 5));
  const std::vector<Entry> entries{{beside("new"), 1, "n", false},   {flow, 4, "late", false},
                                   {beside("older"), 6, "o", false}, {beside("removed"), 6, "", true},
                                   {beside("back"), 6, "b", false},  {beside("never"), 3, "", true}};
  for (int sent = 0; sent < 2; ++sent) {  // as it may be, once more
    const auto done = on.write(entries);
    INFO(done.detail);
    REQUIRE(done.ok());
    REQUIRE(done.each.size() == entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      INFO(i);
      CHECK(done.each[i].applied == (i != 1));
      CHECK(done.each[i].trouble.empty());
    }
    CHECK(done.each[1].entry == entry(5, ""));
  }
  CHECK(on.get(flow).entry == entry(5, "a"));
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}, std::size_t{3}, std::size_t{4}, std::size_t{5}})
    CHECK(on.get(entries[i].name).entry == entries[i]);
}

inline void versions_are_exact(StoreUser& on) {
  const std::uint64_t exact = std::uint64_t{1} << 53;  // from here on a double misses every other number
  for (const std::uint64_t version : {std::uint64_t{9}, std::uint64_t{10}, exact, exact + 1, UINT64_MAX - 1}) {
    INFO(version);
    check_applied(on.put(flow, "a", version));
    check_left(on.put(flow, "b", version), entry(version, "a"));
    check_left(on.put(flow, "b", version - 1), entry(version, "a"));
  }
  check_applied(on.put(flow, "last", UINT64_MAX));
  check_left(on.put(flow, "b", UINT64_MAX - 1), entry(UINT64_MAX, "last"));
  check_left(on.remove(flow, UINT64_MAX), entry(UINT64_MAX, "last"));
}

inline void create_takes_no_entrys_place(StoreUser& on) {
  check_applied(on.create(flow, "a", 5));
  check_applied(on.create(flow, "a", 5));
  check_left(on.create(flow, "a", 6), entry(5, "a"));
  check_left(on.create(flow, "b", 5), entry(5, "a"));
  check_applied(on.remove(flow, 8));
  check_left(on.create(flow, "c", 8), tombstone(8));
  check_left(on.create(flow, "c", 7), tombstone(8));
  check_applied(on.create(flow, "c", 10));
  CHECK(on.get(flow).entry == entry(10, "c"));
}

inline void remove_leaves_a_tombstone(StoreUser& on) {
  check_applied(on.remove(flow, 5));
  CHECK(on.get(flow).entry == tombstone(5));
  check_applied(on.remove(flow, 5));
  check_left(on.remove(flow, 4), tombstone(5));
  check_left(on.put(flow, "late", 4), tombstone(5));
  check_left(on.put(flow, "late", 5), tombstone(5));
  check_applied(on.put(flow, "new", 6));
  check_left(on.remove(flow, 5), entry(6, "new"));
  check_left(on.remove(flow, 6), entry(6, "new"));
  check_applied(on.remove(flow, 7));
}

inline void the_highest_stays(const StoreUsers& programs) {
  const std::uint64_t writers = programs.size();
  constexpr std::uint64_t writes = 250, entries = 5;
  std::size_t ended = 0, failed = 0;
  std::map<EntryName, std::uint64_t> highest;
  std::mt19937_64 random(3);
  for (std::uint64_t round = 0; round < writes; ++round) {
    for (std::uint64_t writer = 0; writer < writers; ++writer) {
      const EntryName name{"t", "o" + std::to_string(random() % entries), "k"};
      const std::uint64_t version = 1 + (random() % 100'000) * writers + writer;  // no two writers' are equal
      highest[name] = std::max(highest[name], version);
      const auto done = [&](const StoreResult& result) {
        ++ended;
        failed += result.ok() ? 0U : 1U;
      };
      if (random() % 4 == 0) {
        programs[writer]->store().remove(name, version, done);
      } else {
        programs[writer]->store().put(name, std::to_string(version), version, done);
      }
      if (random() % 50 == 0) programs[0]->turn();
    }
  }
  REQUIRE(programs[0]->until([&] { return ended == writers * writes; }));
  CHECK(failed == 0);
  for (const auto& [name, version] : highest) {
    const auto stored = programs[0]->get(name).entry;
    REQUIRE(stored.has_value());
    CHECK(stored->version == version);
    CHECK(stored->value == (stored->removed ? "" : std::to_string(version)));
  }
}

inline void one_creator_succeeds(const StoreUsers& programs) {
  for (int round = 0; round < 30; ++round) {
    const EntryName name{"t", "o", std::to_string(round)};
    std::vector<StoreResult> results;
    for (std::size_t i = 0; i < programs.size(); ++i) {
      programs[i]->store().create(name, "by " + std::to_string(i), round % 2 ? 7 : 7 + static_cast<std::uint64_t>(i),
                                  [&](StoreResult result) { results.push_back(std::move(result)); });
    }
    REQUIRE(programs[0]->until([&] { return results.size() == programs.size(); }));
    const auto stored = programs[0]->get(name).entry;
    int applied = 0;
    for (const StoreResult& result : results) {
      applied += result.applied ? 1 : 0;
      if (!result.applied) CHECK(result.entry == stored);
    }
    CHECK(applied == 1);
  }
}

inline void tombstone_or_newer_stays(const StoreUsers& programs) {
  for (int round = 0; round < 50; ++round) {
    const EntryName name{"t", "o", std::to_string(round)};
    int ended = 0;
    bool newer_applied = false;
    const auto done = [&](const StoreResult&) { ++ended; };
    programs[0]->store().create(name, "old", 1, done);
    programs[1]->store().remove(name, 2, done);
    programs[2]->store().create(name, "new", 3, [&](const StoreResult& result) {
      newer_applied = result.applied;
      ++ended;
    });
    programs[3]->store().remove(name, 2, done);
    REQUIRE(programs[0]->until([&] { return ended == 4; }));
    const auto stored = programs[0]->get(name).entry;
    REQUIRE(stored.has_value());
    CHECK(stored == (newer_applied ? Entry{name, 3, "new", false} : Entry{name, 2, "", true}));
  }
}

inline void numbers_rise(const StoreUsers& programs) {
  std::set<std::uint64_t> given;
  std::size_t ended = 0;
  bool ordered = true;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const std::uint64_t floor = i == 100 ? 1'000'000 : i == 200 ? 5 : 0;
    programs[i % 4]->store().next_number("flows", floor, [&, floor](const StoreResult& result) {
      ++ended;
      ordered = ordered && result.ok() && result.number > floor;
      given.insert(result.number);
    });
  }
  REQUIRE(programs[0]->until([&] { return ended == 400; }));
  CHECK(ordered);
  CHECK(given.size() == 400);
  CHECK(*given.rbegin() > 1'000'000);
  CHECK(programs[0]->next_number("flows").number == *given.rbegin() + 1);
  CHECK(programs[0]->next_number("other").number == 1);

  const std::uint64_t exact = std::uint64_t{1} << 53;
  CHECK(programs[0]->next_number("other", exact).number == exact + 1);
  CHECK(programs[0]->next_number("other", exact).number == exact + 2);
  CHECK(programs[0]->next_number("other", INT64_MAX - 1).number == INT64_MAX);
  check_error(programs[0]->next_number("other"), "overflow");
  check_refused(programs[0]->next_number("other", INT64_MAX), "numbers end at 9223372036854775807");
  check_refused(programs[0]->next_number(""), "a counter needs a table");
}

/// Any bytes make a name, and a scan takes them literally.
inline void names_are_any_bytes(StoreUser& on) {
  std::vector<EntryName> names;
  for (const char* table : {"a*", "ab", "a?", "[ab]", "a", "a.b", "{a}", "\\a", "a\n"}) {
    for (const char* topic : {"t", "*", "[t]", "t.u", "\xff\x01"}) {
      names.push_back({table, topic, ""});
      names.push_back({table, topic, std::string("k\0*}", 4)});
    }
  }
  on.fill(names);
  check_found(scan(on), names);
  for (const EntryName& one : names) {
    INFO(one.table << " " << one.topic);
    check_found(scan(on, {.table = one.table}), only(names, [&](auto& name) { return name.table == one.table; }));
    check_found(scan(on, {.table = one.table, .topic = one.topic}),
                only(names, [&](auto& name) { return name.table == one.table && name.topic == one.topic; }));
  }
}

/// Nothing more is asked for before the reader has said so; then all of it comes.
inline void a_paced_scan_waits_for_its_reader(StoreUser& on) {
  const auto names = many_names(5000);
  on.fill(names);
  std::vector<std::function<void()>> held;
  std::set<EntryName> found;
  std::optional<StoreResult> result;
  on.store().scan_paced(
      {.values = false},
      [&](const std::vector<Entry>& page, std::function<void()> next) {
        for (const Entry& entry : page) found.insert(entry.name);
        held.push_back(std::move(next));
      },
      [&](StoreResult what) { result = std::move(what); });
  while (on.until([&] { return result || !held.empty(); }) && !result) {
    for (int i = 0; i < 3; ++i) on.get(names.front());  // time enough for a page that nobody has asked for
    REQUIRE(held.size() <= 3);                          // one of each primary
    for (auto& next : std::exchange(held, {})) next();
  }
  CHECK(result->ok());
  CHECK(found == set_of(names));
}

inline void what_is_no_question_is_refused(StoreUser& on) {
  check_refused(*scan(on, {.topic = "t"}).result, "a topic to scan needs its table");
  check_refused(*scan(on, {.table = ""}).result, "a table to scan needs a name");
  check_refused(*scan(on, {.table = "t", .topic = ""}).result, "a topic to scan needs a name");
}

inline void what_is_no_entry_is_refused(StoreUser& on) {
  const std::string zero = "version 0 stands for \"never written\": versions begin at 1";
  check_refused(on.put(flow, "v", 0), zero);
  check_refused(on.create(flow, "v", 0), zero);
  check_refused(on.remove(flow, 0), zero);
  check_refused(on.put({"", "t", "k"}, "v", 1), "an entry needs a table");
  check_refused(on.get({"t", "", "k"}), "an entry needs a topic");
  check_applied(on.put({"t", "o", ""}, "v", 1));
  CHECK(on.get({"t", "o", ""}).entry == Entry{{"t", "o", ""}, 1, "v", false});
}

}  // namespace dbha::test
