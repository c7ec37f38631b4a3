#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace dbha::lab {

inline constexpr int kSlots = 16384;

using SlotRange = std::pair<int, int>;  ///< first and last, both included

/// The hash slot of a key, as Redis Cluster computes it: CRC16 (XMODEM) of the key, or of the part in its first
/// {braces}.
int slot_of(std::string_view key);

/// A key whose slot lies in [first, last]; `number` gives different keys.
std::string key_in(int first, int last, int number = 0);

}  // namespace dbha::lab
