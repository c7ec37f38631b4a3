#pragma once
/// The versions that a mirror gives: they rise with each write of an entry, and among writers with the time.

#include <cstdint>
#include <optional>
#include <string_view>

namespace dbha::mirror {

/// Versions are stored as signed numbers of 64 bits.
inline constexpr std::uint64_t last_version = INT64_MAX;

/// 12 bits of a process's name, which keep versions apart that two processes give in the same microsecond.
std::uint64_t writer_bits(std::string_view process_name);

/// A hybrid clock: microseconds since 1970 and, in the lowest 12 bits, the writer; always above `last`, so that a clock
/// that steps back, or a writer whose clock is behind, overwrites what it has seen. Nothing if `last` leaves no room.
/// The microseconds have room until the year 2041.
std::optional<std::uint64_t> next_version(std::uint64_t last, std::int64_t wall_us, std::uint64_t writer);

}  // namespace dbha::mirror
