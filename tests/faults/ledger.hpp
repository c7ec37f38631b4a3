#pragma once
/// What became of each call: written down when it is submitted and each time it is completed, judged afterwards.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <dbha/backend.hpp>

namespace dbha::test {

enum class Kind {
  read,        ///< GET
  repeatable,  ///< SET that may be sent again
  once,        ///< SET that must not be
  increment,   ///< INCR, which counts twice when it is sent twice
};

/// Whether a call of the kind may be sent again.
constexpr bool is_safe(Kind kind) {
  return kind == Kind::read || kind == Kind::repeatable;
}

struct Record {
  Kind kind = Kind::read;
  std::size_t controller = 0;  ///< that carries it out
  std::size_t shard = 0;
  std::size_t key = 0;  ///< index in Ledger::keys()
  Duration deadline{};
  TimePoint submitted{};  ///< before submit()
  TimePoint ended{};      ///< when it was completed the first time
  unsigned ends = 0;      ///< how often it was completed
  Outcome outcome = Outcome::cancelled;
  bool foreign = false;     ///< a success that cannot be the answer to this call
  std::uint16_t node = 0;   ///< port of the node that answered, or that owes the answer
  std::string detail = {};  ///< of what is no success
};

/// All functions may be called on any thread. Completions hold it (shared_ptr), so that one that comes too late, or
/// twice, is still seen.
class Ledger {
 public:
  using Id = std::size_t;

  std::size_t add_key(std::string key);
  /// `record`: what is known beforehand; the time is added.
  Id open(Record record);
  void close(Id id, const Result& result);

  std::size_t under_way() const;
  /// Successes of calls to that shard so far.
  std::size_t answered(std::size_t shard) const;
  /// Ends of calls that had no more than that long, whatever the end.
  std::size_t ended_within(Duration deadline) const;

  std::deque<Record> records() const;
  std::vector<std::string> keys() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Record> records_;
  std::vector<std::string> keys_;
  std::map<std::size_t, std::size_t> answered_;
  std::map<Duration, std::size_t> ended_;
  std::size_t under_way_ = 0;
};

}  // namespace dbha::test
