#include "mirror/outbox.hpp"

#include <algorithm>

namespace dbha::mirror {

void Outbox::accepted(const Item& item, TimePoint now) {
  if (const auto sent = under_way_.find(item.number); sent != under_way_.end()) {
    sent->second.rewritten = true;
    return;
  }
  enqueue(item, now);
}

/// What finds no room here is on disk.
void Outbox::enqueue(const Item& item, TimePoint now) {
  if (ready_.contains(item.number) || under_way_.contains(item.number)) return;
  Lane& lane = lanes_[lane_of_(item.partition)];
  if (lane.paused_until > now) return read_again(lane.paused_until);
  if (lane.ready.size() >= limits_.ready) return read_again(now);
  lane.ready.push_back(item);
  ready_.insert(item.number);
}

void Outbox::read_again(TimePoint at) {
  read_again_at_ = std::min(read_again_at_.value_or(at), at);
}

/// A full lane holds the reading up: else it would be passed over, and all be read again for it.
bool Outbox::may_read() const {
  return std::none_of(lanes_.begin(), lanes_.end(),
                      [this](const auto& lane) { return lane.second.ready.size() > limits_.ready / 2; });
}

std::optional<std::int64_t> Outbox::read_from(TimePoint now) {
  if (!may_read()) return std::nullopt;
  if (cursor_) return cursor_;
  if (!read_again_at_ || *read_again_at_ > now) return std::nullopt;
  read_again_at_.reset();
  cursor_ = 0;
  return cursor_;
}

void Outbox::read(const std::vector<Item>& items, bool end, TimePoint now) {
  for (const auto& item : items) enqueue(item, now);
  if (!items.empty()) cursor_ = items.back().number;
  if (end) cursor_.reset();
}

std::vector<std::int64_t> Outbox::due(TimePoint now) {
  std::vector<std::int64_t> out;
  for (auto& [id, lane] : lanes_)
    if (lane.paused_until <= now) send_from(id, lane, out);
  return out;
}

bool Outbox::room(const Lane& lane, const Item& item) const {
  if (lane.under_way == 0) return true;
  if (lane.under_way >= (lane.pause > Duration::zero() ? limits_.tried : limits_.under_way)) return false;
  return lane.bytes + item.bytes <= limits_.bytes_under_way;
}

void Outbox::send_from(const NodeId& id, Lane& lane, std::vector<std::int64_t>& out) {
  while (!lane.ready.empty() && room(lane, lane.ready.front())) {
    const Item item = lane.ready.front();
    lane.ready.pop_front();
    ready_.erase(item.number);
    ++lane.under_way;
    lane.bytes += item.bytes;
    under_way_.emplace(item.number, UnderWay{id, item, false});
    out.push_back(item.number);
  }
}

void Outbox::ended(std::int64_t number, Ending ending, TimePoint now) {
  const auto at = under_way_.find(number);
  if (at == under_way_.end()) return;
  const UnderWay sent = at->second;
  under_way_.erase(at);
  Lane& lane = lanes_[sent.lane];
  --lane.under_way;
  lane.bytes -= std::min(lane.bytes, sent.item.bytes);
  if (ending == Ending::failed) return pause(lane, now);
  lane.pause = Duration::zero();
  if (ending == Ending::set_aside) return set_aside(now);
  aside_ = limits_.aside_pause;
  if (ending == Ending::rewritten || sent.rewritten) enqueue(sent.item, now);
}

/// All that was set aside together waits together. If it cannot be noted that entries are there, because the disk is
/// full, all of them come here again and again: the pauses keep that from being a load.
void Outbox::set_aside(TimePoint now) {
  if (aside_until_ <= now) {
    aside_until_ = now + aside_;
    aside_ = std::min(2 * aside_, limits_.longest_aside);
  }
  read_again(aside_until_);
}

/// All that was under way there fails in a row: it counts once.
void Outbox::pause(Lane& lane, TimePoint now) {
  if (lane.paused_until <= now) {
    lane.pause = lane.pause == Duration::zero() ? limits_.first_pause : std::min(2 * lane.pause, limits_.longest_pause);
    lane.paused_until = now + lane.pause;
  }
  for (const auto& item : lane.ready) ready_.erase(item.number);
  lane.ready.clear();
  read_again(lane.paused_until);
}

std::optional<TimePoint> Outbox::next(TimePoint now) const {
  if (!may_read()) return std::nullopt;  // until an answer makes room
  return cursor_ ? now : read_again_at_;
}

bool Outbox::database_away() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane.second.pause > Duration::zero(); });
}

}  // namespace dbha::mirror
