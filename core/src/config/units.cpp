#include "config/units.hpp"

#include <charconv>
#include <span>

namespace dbha {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// From small to large. Where two names would do, text is made with the last one that fits.
constexpr Unit duration_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr Unit size_units[] = {{"B", 1}, {"kB", 1000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}};
constexpr Unit binary_size_units[] = {{"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

struct Quantity {
  std::int64_t number;
  std::string_view unit;
};

/// Digits, then whatever follows; blanks between are allowed.
std::optional<Quantity> split(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0 || text.front() == '-') return std::nullopt;
  std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  return Quantity{number, unit};
}

std::optional<std::int64_t> in_smallest(const Quantity& quantity, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (unit.name != quantity.unit) continue;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(quantity.number, unit.factor, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

std::string text_of(std::int64_t number, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units)
    if (number != 0 && number % unit.factor == 0) best = &unit;
  return std::to_string(number / best->factor) + std::string(best->name);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto quantity = split(text);
  const auto ms = quantity ? in_smallest(*quantity, duration_units) : std::nullopt;
  constexpr auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(Duration::max()).count();
  if (!ms || *ms > longest) return std::nullopt;
  return std::chrono::milliseconds(*ms);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  auto quantity = split(text);
  if (!quantity) return std::nullopt;
  if (quantity->unit.empty()) quantity->unit = "B";
  auto bytes = in_smallest(*quantity, size_units);
  if (!bytes) bytes = in_smallest(*quantity, binary_size_units);
  if (!bytes) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

std::string text_of_duration(Duration duration) {
  return text_of(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count(), duration_units);
}

std::string text_of_size(std::uint64_t bytes) {
  constexpr std::uint64_t largest = INT64_MAX;
  return text_of(static_cast<std::int64_t>(bytes < largest ? bytes : largest), size_units);
}

}  // namespace dbha
