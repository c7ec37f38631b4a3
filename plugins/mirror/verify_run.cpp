#include "mirror/verify_run.hpp"

#include <algorithm>
#include <utility>

#include "mirror/batches.hpp"
#include "mirror/difference.hpp"

namespace dbha::mirror {
namespace {

constexpr std::size_t page = 1024;
constexpr Duration deadline = std::chrono::seconds(3);
constexpr Duration scan_again = std::chrono::milliseconds(500);
constexpr std::size_t most_doubtful = 16'384;
/// An entry that is in motion at each of these looks is written all the time.
constexpr int looks = 4;

TimePoint now() {
  return std::chrono::steady_clock::now();
}

template <class Item, class NameOf>
std::vector<EntryName> names_of(const std::vector<Item>& items, NameOf name_of) {
  std::vector<EntryName> out;
  out.reserve(items.size());
  for (const auto& item : items) out.push_back(name_of(item));
  return out;
}

void add(VerifyReport& sum, VerifyReport more) {
  for (const auto& [name, table] : more.tables) {
    VerifiedTable& into = sum.tables[name];
    into.compared += table.compared;
    into.waiting += table.waiting;
    for (std::size_t i = 0; i < table.different.size(); ++i) into.different[i] += table.different[i];
  }
  std::move(more.examples.begin(), more.examples.end(), std::back_inserter(sum.examples));
}

}  // namespace

VerifyRun::VerifyRun(LocalMirror& mirror, VersionedStore& database, const VerificationLimits& limits, Log& log,
                     const VerifyRequest& request, const Tell& tell)
    : mirror_(mirror),
      reader_(mirror.own_reader()),
      database_(database),
      tables_(request.table ? std::vector{*request.table} : mirror.settings().tables),
      limits_(limits),
      inquiry_({.rate = limits.rate, .give_up = limits.give_up}, log),
      survey_(database),
      request_(request),
      tell_(tell) {}

void VerifyRun::run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] {
    inquiry_.stop();
    survey_.stop();
  });
  for (const auto& table : tables_) report_.tables[table];
  compare();
  begin_progress("scan");
  for (const auto& table : tables_) find_unknown(table);
  settle(report_);
}

/// What is removed here the database may have forgotten, and it may have more: the whole of a scan is not known before.
void VerifyRun::begin_progress(const char* doing) {
  progress_ = {doing, 0, reader_->count(request_.partitions, request_.table)};
  tell_(progress_);
}

void VerifyRun::advance(std::size_t entries) {
  progress_.done = std::min(progress_.done + entries, progress_.total);
  tell_(progress_);
}

// ---- What the store has

void VerifyRun::compare() {
  begin_progress("compare");
  const StoreReader::Selection heads{.partitions = request_.partitions, .table = request_.table, .values = false};
  std::optional<StoreReader::Place> place;
  for (bool last = false; !last;) {
    auto rows = reader_->page(heads, place, page);
    last = rows.size() < page;
    if (!rows.empty()) place = StoreReader::place_of(rows.back());
    const std::size_t count = rows.size();
    in_batches(std::move(rows), inquiry_.batch(), [this](std::vector<Row> some) { look(std::move(some)); });
    if (doubtful_.size() >= most_doubtful) settle(report_);
    advance(count);
  }
  inquiry_.finish();
}

void VerifyRun::look(std::vector<Row> rows) {
  std::erase_if(rows, [this](const Row& row) {
    if (row.waiting()) ++report_.tables[row.entry.name.table].waiting;
    return row.waiting();
  });
  if (rows.empty()) return;
  auto names = names_of(rows, [](const Row& row) { return row.entry.name; });
  ask(std::move(names), [this, rows = std::move(rows)](const BatchResult& result) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ++report_.tables[rows[i].entry.name.table].compared;
      if (difference(rows[i], result.each[i].entry)) doubtful_.push_back({rows[i].partition, rows[i].entry.name});
    }
  });
}

void VerifyRun::ask(std::vector<EntryName> names, Inquiry::Answer answer) {
  const std::size_t count = names.size();
  inquiry_.ask(
      count,
      [this, names = std::move(names)](VersionedStore::BatchDone done) {
        database_.look(names, std::move(done), deadline);
      },
      std::move(answer));
}

// ---- What the database has beside it

/// A scan that fails counts nothing, and is begun anew, until nothing has come of it for `give_up`.
void VerifyRun::find_unknown(const std::string& table) {
  auto doubtful_before = std::exchange(doubtful_, {});
  for (answered_ = now();;) {
    VerifyReport found;
    const StoreResult result = scan(table, found);
    if (result.ok()) {
      add(report_, std::move(found));
      std::move(doubtful_before.begin(), doubtful_before.end(), std::back_inserter(doubtful_));
      return;
    }
    doubtful_.clear();
    if (now() - answered_ >= limits_.give_up) throw Inquiry::Unanswered{result.detail};
    inquiry_.rest(now() + scan_again);
  }
}

StoreResult VerifyRun::scan(const std::string& table, VerifyReport& into) {
  return survey_.scan(
      {.table = table, .partitions = request_.partitions, .values = false},
      [&](std::vector<Entry> some) {
        const std::size_t count = some.size();
        take(std::move(some), into);
        advance(count);
        inquiry_.pace(count);
        answered_ = now();
      },
      limits_.give_up);
}

void VerifyRun::take(std::vector<Entry> some, VerifyReport& into) {
  for (auto& entry : some) {
    const Partition partition = database_.partition_of(entry.name);
    if (mirror_.settings().lists(entry.name) && !reader_->head(partition, entry.name))
      doubtful_.push_back({partition, std::move(entry.name)});
  }
  if (doubtful_.size() >= most_doubtful) settle(into);
}

// ---- The second look

/// Once more what was not the same, and again what is in motion. A scan may have named an entry twice.
void VerifyRun::settle(VerifyReport& into) {
  inquiry_.finish();
  for (int i = 1; !doubtful_.empty(); ++i) {
    inquiry_.rest(now() + limits_.second_look);
    auto doubtful = std::exchange(doubtful_, {});
    std::sort(doubtful.begin(), doubtful.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto same = [](const auto& a, const auto& b) { return a.name == b.name; };
    doubtful.erase(std::unique(doubtful.begin(), doubtful.end(), same), doubtful.end());
    in_batches(std::move(doubtful), inquiry_.batch(),
               [&](std::vector<Doubtful> some) { look_again(std::move(some), i == looks, into); });
    inquiry_.finish();
  }
}

void VerifyRun::look_again(std::vector<Doubtful> some, bool last, VerifyReport& into) {
  for (auto& doubtful : some) doubtful.before = reader_->head(doubtful.partition, doubtful.name);
  auto names = names_of(some, [](const Doubtful& doubtful) { return doubtful.name; });
  ask(std::move(names), [this, some = std::move(some), last, &into](const BatchResult& result) {
    for (std::size_t i = 0; i < some.size(); ++i) judge(some[i], result.each[i].entry, last, into);
  });
}

void VerifyRun::judge(const Doubtful& doubtful, const std::optional<Entry>& there, bool last, VerifyReport& into) {
  const auto after = reader_->head(doubtful.partition, doubtful.name);
  if (in_motion(doubtful.before, after)) {
    if (last) ++into.tables[doubtful.name.table].waiting;
    if (!last) doubtful_.push_back({doubtful.partition, doubtful.name});
  } else if (const auto kind = difference(after, there)) {
    count({*kind, doubtful.name, doubtful.partition, after ? after->entry.version : 0, there ? there->version : 0},
          into);
  }
}

void VerifyRun::count(const Difference& difference, VerifyReport& into) const {
  ++into.tables[difference.name.table].of(difference.kind);
  const auto named_in = [&](const VerifyReport& report) {
    return std::count_if(report.examples.begin(), report.examples.end(),
                         [&](const Difference& example) { return example.kind == difference.kind; });
  };
  const auto named = named_in(into) + (&into == &report_ ? 0 : named_in(report_));
  if (static_cast<std::size_t>(named) < request_.examples) into.examples.push_back(difference);
}

}  // namespace dbha::mirror
