#pragma once
/// Hash slots: which partition a key belongs to. https://redis.io/docs/reference/cluster-spec/#key-distribution-model

#include <cstdint>
#include <string_view>

#include <dbha/types.hpp>

namespace dbha::redis {

inline constexpr std::uint32_t slots = 16384;

/// CRC-16/XMODEM.
std::uint16_t crc16(std::string_view bytes);

/// The part of the key that is hashed: what stands between the first '{' and the next '}' if that is not empty, so that
/// an application can keep keys together; else all of it.
std::string_view hash_tag(std::string_view key);

inline Partition slot_of(std::string_view key) {
  return {crc16(hash_tag(key)) % slots};
}

}  // namespace dbha::redis
