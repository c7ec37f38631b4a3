#pragma once
/// The calls that have not ended: who they are, which of them wait and in which order they go out again.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <dbha/stop_watch.hpp>

#include "redis/connection.hpp"
#include "redis/deadlines.hpp"
#include "redis/slot.hpp"
#include "redis/verdict.hpp"

namespace dbha::redis {

class Peer;

/// Names one sending of one call. After the call has ended, or was sent again, it names nothing: a late answer to an
/// earlier sending finds nobody.
struct Ticket {
  std::uint32_t index = 0;
  std::uint32_t stamp = 0;
};

/// Where a call goes once, whatever the route says.
struct Detour {
  Endpoint to;
  bool asking = false;  ///< behind ASKING: the node imports the slot
};

struct PendingCall {
  enum class State : std::uint8_t { free, fresh, waiting, sent };

  Call call;
  Completion done;
  std::uint64_t order = 0;  ///< of submission
  std::size_t bytes = 0;    ///< what it counts in the budget
  Partition slot{};         ///< CallTable::keyless if any primary may answer
  CallFacts facts;
  State state = State::free;
  unsigned redirects = 0;       ///< one after another, without a wait between them
  unsigned tries = 0;           ///< answered with "not now"
  bool logged_in = false;       ///< was answered with NOAUTH once, and sent again behind a login
  TimePoint not_before{};       ///< of a waiting call
  bool route_in_doubt = false;  ///< waits because nobody is known to own its slot any more
  std::optional<Detour> detour;
  bool detoured = false;    ///< of a sent call: it was sent by its detour
  bool holds_slot = false;  ///< of a waiting call: those behind it wait too

  Peer* peer = nullptr;               ///< of a sent call
  Connection::RequestId request = 0;  ///< of a sent call
  std::uint64_t session = 0;          ///< of the connection that it was last sent on
  StopWatch stop{};

  Ticket ticket;
};

/// Pure: no I/O, no clock. References to calls stay valid until they are removed.
class CallTable {
 public:
  /// Stands for the slot of calls that have no key.
  static constexpr Partition keyless{slots};

  CallTable(std::size_t max_calls, std::size_t max_bytes) : max_calls_(max_calls), max_bytes_(max_bytes) {}

  /// Why there is no room for the call and `more` of about its size, nothing if there is.
  std::optional<std::string> no_room_for(const Call& call, std::size_t more = 0) const;
  PendingCall& add(Call call, Completion done, TimePoint deadline, Partition slot, bool repeatable);
  void remove(PendingCall& call);
  /// nullptr: it has ended or was sent again.
  PendingCall* find(Ticket ticket);
  PendingCall& at(std::uint32_t index) { return calls_[index]; }
  const PendingCall& at(std::uint32_t index) const { return calls_[index]; }
  /// From now on earlier tickets of the call name nothing.
  void renew_ticket(PendingCall& call) { ++call.ticket.stamp; }

  /// Puts the call among those that wait. They stand in order of submission, whenever they came: calls for one key
  /// leave in the order in which the application made them. One with a detour holds up nobody: it waits for another
  /// node than the rest of its slot.
  void wait(PendingCall& call);
  void end_wait(PendingCall& call);
  /// Whether a call for the slot waits, so that a new one must wait behind it.
  bool waits(Partition slot) const { return waiting_in_slot_[slot.value] != 0; }
  /// From submission order to index.
  const std::map<std::uint64_t, std::uint32_t>& waiting() const { return waiting_; }

  Deadlines& deadlines() { return deadlines_; }
  std::size_t size() const { return size_; }
  /// All that have not ended, in no order. `visit` must not add or remove any.
  template <class Visit>
  void each(Visit visit) {
    for (PendingCall& call : calls_) {
      if (call.state != PendingCall::State::free) visit(call);
    }
  }

 private:
  std::size_t max_calls_;
  std::size_t max_bytes_;
  std::deque<PendingCall> calls_;  // by index; a deque, so that they stay where they are
  std::vector<std::uint32_t> free_;
  std::map<std::uint64_t, std::uint32_t> waiting_;
  std::vector<std::uint32_t> waiting_in_slot_ = std::vector<std::uint32_t>(slots + 1);
  Deadlines deadlines_;
  std::uint64_t next_order_ = 1;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace dbha::redis
