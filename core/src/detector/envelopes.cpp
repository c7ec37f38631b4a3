#include "detector/envelopes.hpp"

#include <algorithm>
#include <tuple>

namespace dbha {
namespace {

constexpr std::size_t most_known = 256;
constexpr std::size_t most_wishes = 256;
constexpr std::size_t most_held = 16;
constexpr unsigned most_tries = 3;
/// Of those who name one version, so many are asked at once: one of them may be gone.
constexpr std::size_t asked_for_each = 2;
constexpr Duration turn_period = std::chrono::seconds(1);

}  // namespace

void Envelopes::know(const Version& version) {
  if (!version.known() || std::find(known_.begin(), known_.end(), version) != known_.end()) return;
  known_.push_back(version);
  if (known_.size() > most_known) known_.pop_front();
}

/// A higher generation, or in the own one a higher greatest epoch or a digest that was never held: versions are equal
/// only where the digest is.
bool Envelopes::news(const Version& version, const Version& own) const {
  return version.generation != 0 && version.generation >= own.generation &&
         std::find(known_.begin(), known_.end(), version) == known_.end();
}

void Envelopes::named(const std::string& holder, const Version& version, const Version& own) {
  highest_named_ = std::max(highest_named_, version.generation);
  if (!news(version, own)) {
    wishes_.erase(holder);
    return;
  }
  if (wishes_.size() >= most_wishes && !wishes_.contains(holder)) return;
  Wish& wish = wishes_[holder];
  if (wish.version != version) wish = {version, 0};
}

bool Envelopes::take(const Publication& publication, const Version& own) {
  if (!publication.topology || !news(publication.version, own)) return false;
  know(publication.version);
  held_.push_back(publication);
  if (held_.size() > most_held) held_.erase(held_.begin());
  return true;
}

std::vector<Heard> Envelopes::heard() const {
  std::vector<Heard> out;
  for (const auto& publication : held_)
    out.push_back({publication.stamp.detector, publication.topology, false, true, {}});
  return out;
}

void Envelopes::turn(const Version& own, TimePoint now) {
  if (turned_ && now - *turned_ < turn_period) return;
  turned_ = now;
  wanted_.clear();
  std::erase_if(wishes_, [&](const auto& entry) { return !news(entry.second.version, own); });
  using Place = std::pair<const std::string, Wish>*;
  std::vector<Place> order;
  for (auto& entry : wishes_)
    if (entry.second.tries < most_tries) order.push_back(&entry);
  // The newest first; of those the ones that were asked least.
  const auto rank = [](Place p) {
    return std::tuple(~p->second.version.generation, ~p->second.version.epoch.value, p->second.tries);
  };
  std::stable_sort(order.begin(), order.end(), [&](Place a, Place b) { return rank(a) < rank(b); });
  std::map<std::uint64_t, std::size_t> asked;
  for (const Place place : order) {
    if (wanted_.size() == most_asked) break;
    if (asked[place->second.version.digest]++ >= asked_for_each) continue;
    ++place->second.tries;
    wanted_.push_back(place->first);
  }
}

}  // namespace dbha
