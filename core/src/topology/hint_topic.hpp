#pragma once

#include <array>

#include <dbha/backend.hpp>

namespace dbha {

/// What the detector would look for: a node that does not answer, another owner, or a node that does not serve.
enum class HintClass { gone, moved, unavailable };

/// What a hint is about. A thousand calls that meet the same fault raise hints of one topic, and one look answers all.
struct HintTopic {
  HintClass kind = HintClass::gone;
  NodeId shard;       ///< the primary of the shard concerned
  Endpoint endpoint;  ///< where it was seen, if the topology does not tell the shard
  friend auto operator<=>(const HintTopic&, const HintTopic&) = default;
  friend bool operator==(const HintTopic&, const HintTopic&) = default;
};

/// `topology` may be null.
HintTopic topic_of(const Hint& hint, const Topology* topology);

inline constexpr std::array hint_kinds{HintKind::connection_lost, HintKind::refused,    HintKind::silent,
                                       HintKind::demoted,         HintKind::epoch_rose, HintKind::redirected,
                                       HintKind::read_only,       HintKind::unavailable};

inline const char* text_of(HintKind kind) {
  static constexpr const char* names[] = {"connection_lost", "refused",    "silent",    "demoted",
                                          "epoch_rose",      "redirected", "read_only", "unavailable"};
  return names[static_cast<int>(kind)];
}

}  // namespace dbha
