#pragma once
/// Every count and length that a message may bear. A receiver checks them before it uses, and where memory is at stake
/// before it allocates: what comes from the network is material to judge.

#include <cstddef>
#include <cstdint>

namespace dbha::bus {

/// Neighbours understand each other: a field that the other does not know is passed over.
inline constexpr std::uint32_t protocol_version = 1;
constexpr bool understands(std::uint32_t protocol) {
  return protocol != 0 && protocol + 1 >= protocol_version && protocol <= protocol_version + 1;
}

/// Redis Cluster gives up near 1000 nodes; four times that still encodes to less than 2 MB.
inline constexpr std::size_t max_nodes = 4096;
/// Four ranges for each of Redis Cluster's 16384 slots: more than the worst fragmentation can need.
inline constexpr std::size_t max_ranges = 65536;
/// The longest legal name is a DNS name of 253 bytes; ids of Redis have 40.
inline constexpr std::size_t max_text = 512;
/// 64 times the slots of Redis Cluster; keeps a set of single partitions below the memory of a small process.
inline constexpr std::uint32_t max_partitions = 1U << 20;
/// Ed25519 has 64 bytes; leaves room for a chain of another scheme.
inline constexpr std::size_t max_signature = 512;
/// No fleet needs longer to spread its resynchronisations than a day.
inline constexpr std::uint64_t max_window_ms = 24ULL * 3600 * 1000;

/// A few answers are enough; a whole fleet's at once would be a flood.
inline constexpr std::size_t max_envelopes_wanted = 16;

/// What one frame may weigh before it is read at all: the greatest topology the caps above allow. Upwards too, because
/// a detector that has lost its store asks for envelopes back; a hello is far smaller.
inline constexpr std::int64_t max_envelope_bytes = 16 << 20;
inline constexpr std::int64_t max_hello_bytes = 64 << 10;

}  // namespace dbha::bus
