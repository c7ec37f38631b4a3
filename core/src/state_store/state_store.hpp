#pragma once
/// What must survive a restart: the detector's published topology, its memory and its start, the marks that each
/// handler has handled, the events it has not finished, and the programs that hear them. One SQLite file a process
/// (WAL, synchronous NORMAL: after a power cut it may be a moment older, which costs a repeated event and never a
/// missed one).

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbha/events.hpp>

#include "detector/detector_state.hpp"

struct sqlite3;

namespace dbha {

/// Loop thread only. The constructor throws StartError, and so does reading what a damaged file holds; failures to
/// write throw Error: the disk is full or gone.
class StateStore {
 public:
  /// Opens or makes `folder`/`name`.db, for this process alone.
  StateStore(const std::filesystem::path& folder, const std::string& name);
  ~StateStore();
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;

  const std::filesystem::path& file() const { return file_; }

  /// max(wall clock, the stored one + 1), stored: it rises with every start even where the clock steps back.
  std::uint64_t next_start(std::int64_t wall_ms);

  /// What the detector of this process stored last; an empty state if there is none.
  DetectorState detector() const;
  void save_detector(const DetectorState& state);

  /// The marks that this handler has handled, nothing if it has never been told of any.
  std::optional<PartitionMap<Mark>> handled(const std::string& handler) const;
  /// Notes the marks as handled and the events as due to this handler, in one transaction, and gives the events their
  /// ids. `replaced`: what they stand for as well, and what is therefore due no more.
  void accept(const std::string& handler, const PartitionMap<Mark>& handled, std::vector<DbRestart>& events,
              const std::string& id_prefix, const std::vector<DbRestart>& replaced = {});
  /// The same for events that come from no mark.
  void add(const std::string& handler, std::vector<DbRestart>& events, const std::string& id_prefix,
           const std::vector<DbRestart>& replaced = {});
  /// Replaces what is stored of an event that is still due to this handler.
  void amend(const std::string& handler, const DbRestart& event);
  /// The events due to this handler, oldest first.
  std::vector<DbRestart> pending(const std::string& handler) const;
  void done(const std::string& handler, const std::string& event_id);

  /// A handler that is a program at the event socket, whether it is there or away.
  struct Program {
    std::string name;
    std::vector<std::string> events;
  };
  std::vector<Program> programs() const;
  void remember(const Program& program);
  /// With all that is due to it.
  void forget_program(const std::string& name);

 private:
  template <class Read>
  auto read_back(Read read) const;
  void replace(const std::string& handler, const std::vector<DbRestart>& replaced, std::vector<DbRestart>& events,
               const std::string& id_prefix);

  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace dbha
