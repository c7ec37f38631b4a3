#include "state_store/state_store.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include <dbha/error.hpp>

#include "detector/memory_json.hpp"
#include "state_store/statement.hpp"
#include "topology/json.hpp"

namespace dbha {
namespace {

constexpr std::int64_t schema_version = 1;

constexpr const char* settings = "CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value) WITHOUT ROWID;";
constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS handled (handler TEXT PRIMARY KEY, marks TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (number INTEGER PRIMARY KEY AUTOINCREMENT, handler TEXT NOT NULL, id TEXT NOT NULL, event TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS pending_of ON pending (handler, number);
CREATE TABLE IF NOT EXISTS program (name TEXT PRIMARY KEY, events TEXT NOT NULL) WITHOUT ROWID;
)";

void execute(sqlite3* db, const char* sql) {
  char* message = nullptr;
  if (sqlite3_exec(db, sql, nullptr, nullptr, &message) == SQLITE_OK) return;
  std::string text = message ? message : "";
  sqlite3_free(message);
  throw Error(text);
}

std::optional<std::string> setting(sqlite3* db, const char* key) {
  Statement read(db, "SELECT value FROM setting WHERE key = ?1");
  if (!read.bind(1, key).step()) return std::nullopt;
  return read.text(0);
}

std::optional<std::uint64_t> stored_start(sqlite3* db) {
  const auto text = setting(db, "start");
  if (!text) return std::nullopt;
  std::uint64_t start = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), start);
  if (error != std::errc{} || end != text->data() + text->size()) throw Error("its 'start' is no number");
  return start;
}

void set_setting(sqlite3* db, const char* key, std::string_view value) {
  Statement(db, "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")
      .bind(1, key)
      .bind(2, value)
      .run();
}

void prepare(sqlite3* db) {
  execute(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  execute(db, settings);
  const auto version = setting(db, "schema");
  if (version && *version != std::to_string(schema_version))  // before anything else in it is touched
    throw Error("it was written by another version of dbha: schema " + std::to_string(schema_version) + " expected, " +
                *version + " found");
  execute(db, schema);
  if (!version) set_setting(db, "schema", std::to_string(schema_version));
}

}  // namespace

void StateStore::Close::operator()(sqlite3* db) const {
  sqlite3_close(db);
}

StateStore::StateStore(const std::filesystem::path& folder, const std::string& name) : file_(folder / (name + ".db")) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw StartError("state_dir " + folder.string() + " cannot be made: " + error.message());
  sqlite3* db = nullptr;
  const int result =
      sqlite3_open_v2(file_.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(db);
  try {
    if (result != SQLITE_OK) throw Error(sqlite3_errmsg(db));
    prepare(db);
  } catch (const Error& e) {
    const int code = sqlite3_errcode(db) & 0xFF;
    const char* advice =
        code == SQLITE_BUSY || code == SQLITE_LOCKED
            ? " (is another process of this name running? `name` and `state_dir` together must be unique)"
        : code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? " (move the file away to start without memory)"
                                                          : "";
    throw StartError("state store " + file_.string() + " cannot be used: " + e.what() + advice);
  }
}

StateStore::~StateStore() = default;

/// What was stored and cannot be read is a damaged file: the error names it, and says what to do.
template <class Read>
auto StateStore::read_back(Read read) const {
  try {
    return read();
  } catch (const Error& e) {
    throw StartError("state store " + file_.string() + ": " + e.what() +
                     " (move the file away to start without memory)");
  }
}

std::uint64_t StateStore::next_start(std::int64_t wall_ms) {
  std::uint64_t start = static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ms, 1));
  if (const auto stored = read_back([this] { return stored_start(db_.get()); })) start = std::max(start, *stored + 1);
  set_setting(db_.get(), "start", std::to_string(start));
  return start;
}

DetectorState StateStore::detector() const {
  const auto text = setting(db_.get(), "detector");
  if (!text) return {};
  return read_back([&] {
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    if (!json.is_object() || !json.contains("topology") || !json.contains("memory"))
      throw Error("its 'detector' is no topology with a memory");
    return DetectorState{std::make_shared<const Topology>(topology_from_json(json["topology"])),
                         mark_memory_from_json(json["memory"])};
  });
}

void StateStore::save_detector(const DetectorState& state) {
  const nlohmann::json json = {{"topology", to_json(*state.topology)}, {"memory", to_json(state.memory)}};
  set_setting(db_.get(), "detector", json.dump());
}

std::optional<PartitionMap<Mark>> StateStore::handled(const std::string& handler) const {
  Statement read(db_.get(), "SELECT marks FROM handled WHERE handler = ?1");
  if (!read.bind(1, handler).step()) return std::nullopt;
  return read_back([&] { return std::optional(marks_from_json(nlohmann::json::parse(read.text(0), nullptr, false))); });
}

void StateStore::accept(const std::string& handler, const PartitionMap<Mark>& handled, std::vector<DbRestart>& events,
                        const std::string& id_prefix, const std::vector<DbRestart>& replaced) {
  Transaction transaction(db_.get());
  const std::string marks = to_json(handled).dump();
  Statement(db_.get(), "INSERT INTO handled VALUES (?1, ?2) ON CONFLICT (handler) DO UPDATE SET marks = ?2")
      .bind(1, handler)
      .bind(2, marks)
      .run();
  replace(handler, replaced, events, id_prefix);
  transaction.commit();
}

void StateStore::add(const std::string& handler, std::vector<DbRestart>& events, const std::string& id_prefix,
                     const std::vector<DbRestart>& replaced) {
  Transaction transaction(db_.get());
  replace(handler, replaced, events, id_prefix);
  transaction.commit();
}

/// Within a transaction.
void StateStore::replace(const std::string& handler, const std::vector<DbRestart>& replaced,
                         std::vector<DbRestart>& events, const std::string& id_prefix) {
  for (const auto& event : replaced) done(handler, event.id);
  for (auto& event : events) {
    Statement(db_.get(), "INSERT INTO pending (handler, id, event) VALUES (?1, '', '')").bind(1, handler).run();
    const auto number = sqlite3_last_insert_rowid(db_.get());
    event.id = id_prefix + std::to_string(number);
    const std::string text = to_json(Event(event)).dump();
    Statement(db_.get(), "UPDATE pending SET id = ?1, event = ?2 WHERE number = ?3")
        .bind(1, event.id)
        .bind(2, text)
        .bind(3, number)
        .run();
  }
}

void StateStore::amend(const std::string& handler, const DbRestart& event) {
  const std::string text = to_json(Event(event)).dump();
  Statement(db_.get(), "UPDATE pending SET event = ?3 WHERE handler = ?1 AND id = ?2")
      .bind(1, handler)
      .bind(2, event.id)
      .bind(3, text)
      .run();
}

std::vector<DbRestart> StateStore::pending(const std::string& handler) const {
  std::vector<DbRestart> out;
  Statement read(db_.get(), "SELECT event FROM pending WHERE handler = ?1 ORDER BY number");
  read.bind(1, handler);
  while (read.step())
    out.push_back(read_back([&] { return dbrestart_from_json(nlohmann::json::parse(read.text(0), nullptr, false)); }));
  return out;
}

void StateStore::done(const std::string& handler, const std::string& event_id) {
  Statement(db_.get(), "DELETE FROM pending WHERE handler = ?1 AND id = ?2").bind(1, handler).bind(2, event_id).run();
}

std::vector<StateStore::Program> StateStore::programs() const {
  std::vector<Program> out;
  Statement read(db_.get(), "SELECT name, events FROM program ORDER BY name");
  while (read.step()) {
    const auto events = nlohmann::json::parse(read.text(1), nullptr, false);
    if (!events.is_array()) return read_back([]() -> std::vector<Program> { throw Error("a program hears no list"); });
    out.push_back({read.text(0), {}});
    for (const auto& event : events)
      if (event.is_string()) out.back().events.push_back(event.get<std::string>());
  }
  return out;
}

void StateStore::remember(const Program& program) {
  const std::string events = nlohmann::json(program.events).dump();
  Statement(db_.get(), "INSERT INTO program VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET events = ?2")
      .bind(1, program.name)
      .bind(2, events)
      .run();
}

void StateStore::forget_program(const std::string& name) {
  Transaction transaction(db_.get());
  Statement(db_.get(), "DELETE FROM program WHERE name = ?1").bind(1, name).run();
  Statement(db_.get(), "DELETE FROM pending WHERE handler = ?1").bind(1, name).run();
  Statement(db_.get(), "DELETE FROM handled WHERE handler = ?1").bind(1, name).run();
  transaction.commit();
}

}  // namespace dbha
