#pragma once
/// What a consistency handler offers that keeps entries of its own: to compare them with the database now, and to say
/// what differs. Changes nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <dbha/partition_map.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha {

struct Progress;

struct VerifyRequest {
  PartitionSet partitions;             ///< at least one
  std::optional<std::string> table{};  ///< one of tables(); nothing: all
  std::size_t examples = 20;           ///< of each kind that are named, at most
};

/// An entry that is not the same here and in the database. Versions are compared, not values.
struct Difference {
  enum class Kind {
    missing,      ///< it is here, and the database has none, or something else that is no entry
    older,        ///< the database has an older version
    newer,        ///< the database has a newer version
    unknown,      ///< the database has it, in a table of the handler, and here there is none
    resurrected,  ///< it is removed here, and the database has it, in a version that is not newer
  };
  static constexpr std::size_t kinds = 5;

  Kind kind;
  EntryName name;
  Partition partition;
  std::uint64_t here = 0;   ///< its version; 0: there is none
  std::uint64_t there = 0;  ///< in the database
};

constexpr const char* text_of(Difference::Kind kind) {
  constexpr const char* names[] = {"missing", "older", "newer", "unknown", "resurrected"};
  return names[static_cast<std::size_t>(kind)];
}

/// What was counted in one table.
struct VerifiedTable {
  std::uint64_t compared = 0;  ///< entries that were asked of the database, removed ones included
  std::uint64_t waiting = 0;   ///< of which the database is still to be told, or that are being written: no difference
  std::array<std::uint64_t, Difference::kinds> different{};

  std::uint64_t& of(Difference::Kind kind) { return different[static_cast<std::size_t>(kind)]; }
  std::uint64_t of(Difference::Kind kind) const { return different[static_cast<std::size_t>(kind)]; }
};

struct VerifyReport {
  std::map<std::string, VerifiedTable> tables{};
  std::vector<Difference> examples{};
  std::string failure{};  ///< why not all was compared, for people; empty: all was. What was counted until then stands
};

class Verifier {
 public:
  /// Those whose entries it keeps. Any thread.
  virtual std::vector<std::string> tables() const = 0;
  /// Blocks, on a thread of the host's own, while handle() may run on another; one at a time. What differs at first is
  /// looked at once more before it counts. Ends soon with a failure once `stop` is requested, and after a while where
  /// the database does not answer. `tell`: called now and then, on that thread; must not block.
  virtual VerifyReport verify(const VerifyRequest& request, std::stop_token stop,
                              const std::function<void(const Progress&)>& tell) = 0;

 protected:
  ~Verifier() = default;
};

}  // namespace dbha
