#pragma once
/// What a fuzz target claims of every input.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "redis/parsed.hpp"

namespace dbha::fuzz {

/// Ends the process, which makes libFuzzer keep the input.
inline void hold(bool condition, const char* claim) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", claim);
  std::abort();
}

/// A reason goes into logs and onto terminals: short, and nothing but printable ASCII.
inline void hold_printable(const redis::Violation& violation) {
  hold(!violation.text.empty() && violation.text.size() <= 300, "a violation has a reason, and a short one");
  for (const char c : violation.text) hold(c >= ' ' && c <= '~', "a violation is printable");
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace dbha::fuzz
