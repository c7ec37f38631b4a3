#pragma once
/// Durations and sizes as they stand in a configuration file.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <dbha/types.hpp>

namespace dbha {

/// A whole number and a unit, ms, s, m or h: "300ms". Nothing if it is anything else, has no unit, or does not fit.
std::optional<Duration> parse_duration(std::string_view text);

/// A whole number and a unit: B, kB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024); without a unit bytes.
/// Nothing if it is anything else or does not fit into 63 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// In the largest unit that holds it without a rest: "90s", "10m". Less than a millisecond is cut off.
std::string text_of_duration(Duration duration);

/// In the largest of B, kB, MB, GB that holds it without a rest.
std::string text_of_size(std::uint64_t bytes);

}  // namespace dbha
