#include "mirror/store_reader.hpp"

#include "mirror/read_row.hpp"
#include "mirror/schema.hpp"

namespace dbha::mirror {
namespace {

std::string select(std::string_view where) {
  return std::string("SELECT ").append(row_columns).append(" FROM entries WHERE ").append(where);
}

/// row_columns, with the value or, if ?10 is 0 or not given, with no more than whether there is one.
std::string select_unless_head(std::string_view where) {
  std::string out = select(where);
  constexpr std::string_view value = " value,";
  return out.replace(out.find(value), value.size(), " iif(?10 OR value IS NULL, value, x''),");
}

Bytes text_or_null(const std::optional<std::string>& text) {
  return text ? Bytes{*text} : Bytes{};
}

/// Text that is bound as bytes compares as text.
constexpr std::string_view chosen =
    " AND (?6 IS NULL OR tbl = CAST(?6 AS TEXT)) AND (?7 IS NULL OR topic = CAST(?7 AS TEXT))"
    " AND (?8 OR value IS NOT NULL) ORDER BY partition, tbl, topic, key LIMIT ?9";

constexpr std::string_view named = "partition = ?1 AND tbl = ?2 AND topic = ?3 AND key = ?4";

/// What a walk that begins with this range stands behind: nothing is before it.
StoreReader::Place before(PartitionRange range) {
  return {range.first, {}};
}

}  // namespace

class StoreReader::Statements {
 public:
  explicit Statements(Connection& db)
      : get(db, select(named)),
        head(db, select_unless_head(named)),
        page(db,
             select_unless_head("(partition, tbl, topic, key) > (?1, ?2, ?3, ?4) AND partition <= ?5").append(chosen)),
        heads(db,
              "SELECT number, partition, tbl, topic, key, version, removed FROM entries "
              "WHERE (partition, tbl, topic, key) > (?1, ?2, ?3, ?4) AND partition <= ?5 "
              "ORDER BY partition, tbl, topic, key LIMIT ?6"),
        recent(db,
               "SELECT number, partition FROM entries WHERE confirmed_ms >= ?1 AND (confirmed_ms, number) < (?2, ?3) "
               "ORDER BY confirmed_ms DESC, number DESC"),
        row(db, select("number = ?1 AND confirmed > 0")),
        numbered(db, select("number = ?1")),
        begin(db, "BEGIN"),
        commit(db, "COMMIT"),
        count(db,
              "SELECT count(*) FROM entries WHERE partition BETWEEN ?1 AND ?2 AND (?3 IS NULL OR tbl = CAST(?3 AS "
              "TEXT))"),
        suspects(db,
                 "SELECT partition, tbl, topic, key, version FROM suspects "
                 "WHERE (partition, tbl, topic, key) > (?1, ?2, ?3, ?4) ORDER BY partition, tbl, topic, key LIMIT ?5"),
        complete(db, "SELECT value FROM meta WHERE name = ?1"),
        doubts(db, "SELECT event, first, last, since_ms FROM doubts ORDER BY rowid") {}

  Query get, head, page, heads, recent, row, numbered, begin, commit, count, suspects, complete, doubts;
};

StoreReader::StoreReader(const std::filesystem::path& file)
    : connection_(file, SQLITE_OPEN_READONLY), statements_(std::make_unique<Statements>(connection_)) {}

StoreReader::~StoreReader() = default;

std::optional<Row> StoreReader::get(Partition partition, const EntryName& name) {
  const std::lock_guard lock(mutex_);
  return row_of(statements_->get, partition, name);
}

std::optional<Row> StoreReader::head(Partition partition, const EntryName& name) {
  const std::lock_guard lock(mutex_);
  return row_of(statements_->head, partition, name);
}

std::optional<Row> StoreReader::row_of(Query& prepared, Partition partition, const EntryName& name) {
  Query& query = prepared.with(std::int64_t{partition.value}, std::string_view(name.table),
                               std::string_view(name.topic), std::string_view(name.key));
  if (!query.step()) return std::nullopt;
  Row row = read_row(query);
  query.end();
  return row;
}

std::vector<Row> StoreReader::rows(const std::vector<std::int64_t>& numbers) {
  const std::lock_guard lock(mutex_);
  std::vector<Row> out;
  out.reserve(numbers.size());
  statements_->begin.with().run();
  try {
    for (const auto number : numbers) {
      Query& query = statements_->numbered.with(number);
      if (query.step()) out.push_back(read_row(query));
      query.end();
    }
  } catch (const StoreFailure&) {
    if (!sqlite3_get_autocommit(connection_.get())) connection_.execute("ROLLBACK");
    throw;
  }
  statements_->commit.with().run();
  return out;
}

std::vector<Row> StoreReader::page(const Selection& selection, const std::optional<Place>& after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<Row> out;
  out.reserve(limit);
  for (const auto& [range, member] : selection.partitions) {
    if (after && range.last < after->partition) continue;
    const Place from = after && range.contains(after->partition) ? *after : before(range);
    const Bytes table = text_or_null(selection.table);
    const Bytes topic = text_or_null(selection.topic);
    Query& query = statements_->page.with(
        std::int64_t{from.partition.value}, std::string_view(from.name.table), std::string_view(from.name.topic),
        std::string_view(from.name.key), std::int64_t{range.last.value}, table, topic, std::int64_t{selection.removed},
        static_cast<std::int64_t>(limit - out.size()), std::int64_t{selection.values});
    while (query.step()) out.push_back(read_row(query));
    if (out.size() >= limit) break;
  }
  return out;
}

std::vector<Head> StoreReader::heads(PartitionRange partitions, const std::optional<Place>& after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const Place from = after.value_or(before(partitions));
  Query& query = statements_->heads.with(std::int64_t{from.partition.value}, std::string_view(from.name.table),
                                         std::string_view(from.name.topic), std::string_view(from.name.key),
                                         std::int64_t{partitions.last.value}, static_cast<std::int64_t>(limit));
  std::vector<Head> out;
  out.reserve(limit);
  while (query.step())
    out.push_back({query.number(0),
                   {static_cast<std::uint32_t>(query.number(1))},
                   {query.text(2), query.text(3), query.text(4)},
                   static_cast<std::uint64_t>(query.number(5)),
                   query.number(6) != 0});
  return out;
}

/// Other partitions are passed over in the index, without a look at their entries.
std::vector<Row> StoreReader::confirmed_since(const PartitionSet& partitions, std::int64_t since_ms,
                                              const std::optional<Moment>& before, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const Moment end = before.value_or(Moment{INT64_MAX, INT64_MAX});
  std::vector<Row> out;
  Query& recent = statements_->recent.with(since_ms, end.confirmed_ms, end.number);
  while (out.size() < limit && recent.step()) {
    if (!partitions.find({static_cast<std::uint32_t>(recent.number(1))})) continue;
    Query& row = statements_->row.with(recent.number(0));
    if (row.step()) out.push_back(read_row(row));
    row.end();
  }
  recent.end();
  return out;
}

std::uint64_t StoreReader::count(const PartitionSet& partitions, const std::optional<std::string>& table) {
  const std::lock_guard lock(mutex_);
  std::uint64_t out = 0;
  for (const auto& [range, member] : partitions) {
    Query& query =
        statements_->count.with(std::int64_t{range.first.value}, std::int64_t{range.last.value}, text_or_null(table));
    if (query.step()) out += static_cast<std::uint64_t>(query.number(0));
    query.end();
  }
  return out;
}

std::vector<Suspect> StoreReader::suspects(const std::optional<Place>& after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const Place from = after.value_or(Place{});
  Query& query = statements_->suspects.with(std::int64_t{from.partition.value}, std::string_view(from.name.table),
                                            std::string_view(from.name.topic), std::string_view(from.name.key),
                                            static_cast<std::int64_t>(limit));
  std::vector<Suspect> out;
  while (query.step())
    out.push_back({{static_cast<std::uint32_t>(query.number(0))},
                   {query.text(1), query.text(2), query.text(3)},
                   static_cast<std::uint64_t>(query.number(4))});
  return out;
}

bool StoreReader::complete(const std::string& table) {
  const std::lock_guard lock(mutex_);
  const std::string name = std::string(complete_name).append(table);
  Query& query = statements_->complete.with(std::string_view(name));
  const bool out = query.step();
  query.end();
  return out;
}

std::vector<Doubt> StoreReader::doubts() {
  const std::lock_guard lock(mutex_);
  std::vector<Doubt> out;
  Query& query = statements_->doubts.with();
  while (query.step()) {
    if (out.empty() || out.back().event != query.text(0)) out.push_back({query.text(0), {}, query.number(3)});
    out.back().partitions.set(
        {{static_cast<std::uint32_t>(query.number(1))}, {static_cast<std::uint32_t>(query.number(2))}}, {});
  }
  return out;
}

}  // namespace dbha::mirror
