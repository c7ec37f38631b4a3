#include "redis/call_table.hpp"

#include <memory>
#include <utility>

namespace dbha::redis {
namespace {

/// About what a call occupies, so that many small ones count for what they are.
std::size_t bytes_of(const Call& call) {
  std::size_t bytes = sizeof(PendingCall) + call.key.size();
  for (const auto& arg : call.args) bytes += sizeof(std::string) + arg.size();
  for (const auto& args : call.transaction) {
    for (const auto& arg : args) bytes += sizeof(std::string) + arg.size();
  }
  return bytes;
}

}  // namespace

std::optional<std::string> CallTable::no_room_for(const Call& call, std::size_t more) const {
  if (size_ + more >= max_calls_) return "the queue is full: " + std::to_string(size_) + " calls";
  if (bytes_ + bytes_of(call) > max_bytes_) return "the queue is full: " + std::to_string(bytes_) + " bytes";
  return std::nullopt;
}

PendingCall& CallTable::add(Call call, Completion done, TimePoint deadline, Partition slot, bool repeatable) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(calls_.size()));
    calls_.emplace_back().ticket.index = free_.back();
  }
  PendingCall& added = calls_[free_.back()];
  free_.pop_back();
  added.bytes = bytes_of(call);
  added.slot = slot;
  added.facts = {.repeatable = repeatable};
  added.call = std::move(call);
  added.done = std::move(done);
  added.order = next_order_++;
  added.state = PendingCall::State::fresh;
  deadlines_.add(added.ticket.index, deadline);
  ++size_;
  bytes_ += added.bytes;
  return added;
}

void CallTable::remove(PendingCall& call) {
  if (call.state == PendingCall::State::waiting) end_wait(call);
  deadlines_.remove(call.ticket.index);
  --size_;
  bytes_ -= call.bytes;
  const Ticket next{call.ticket.index, call.ticket.stamp + 1};
  std::destroy_at(&call);
  std::construct_at(&call)->ticket = next;
  free_.push_back(next.index);
}

PendingCall* CallTable::find(Ticket ticket) {
  PendingCall& call = calls_[ticket.index];
  return call.state != PendingCall::State::free && call.ticket.stamp == ticket.stamp ? &call : nullptr;
}

void CallTable::wait(PendingCall& call) {
  call.state = PendingCall::State::waiting;
  waiting_.emplace(call.order, call.ticket.index);
  call.holds_slot = !call.detour;
  if (call.holds_slot) ++waiting_in_slot_[call.slot.value];
}

void CallTable::end_wait(PendingCall& call) {
  call.state = PendingCall::State::fresh;
  waiting_.erase(call.order);
  if (std::exchange(call.holds_slot, false)) --waiting_in_slot_[call.slot.value];
}

}  // namespace dbha::redis
