#include "mirror/versions.hpp"

#include <algorithm>

namespace dbha::mirror {
namespace {

constexpr unsigned bits = 12;
constexpr std::uint64_t step = std::uint64_t{1} << bits;

}  // namespace

/// FNV-1a, folded.
std::uint64_t writer_bits(std::string_view process_name) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : process_name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return (hash ^ (hash >> 24) ^ (hash >> 48)) % step;
}

std::optional<std::uint64_t> next_version(std::uint64_t last, std::int64_t wall_us, std::uint64_t writer) {
  const auto time = static_cast<std::uint64_t>(std::clamp<std::int64_t>(wall_us, 1, last_version >> bits));
  const std::uint64_t by_clock = time << bits | writer;
  if (by_clock > last) return by_clock;
  std::uint64_t above = (last & ~(step - 1)) | writer;
  if (above <= last) above += step;
  if (above > last_version) return std::nullopt;
  return above;
}

}  // namespace dbha::mirror
