#include "lab/slots.hpp"

#include <cstdint>

namespace dbha::lab {
namespace {

std::string_view hashed_part(std::string_view key) {
  const auto open = key.find('{');
  if (open == std::string_view::npos) return key;
  const auto close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;  // "{}" is no tag
  return key.substr(open + 1, close - open - 1);
}

}  // namespace

int slot_of(std::string_view key) {
  std::uint32_t crc = 0;
  for (const char c : hashed_part(key)) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1) ^ 0x1021U : crc << 1;
  }
  return static_cast<int>((crc & 0xffffU) % kSlots);
}

std::string key_in(int first, int last, int number) {
  for (int i = 0;; ++i) {
    std::string key = "key:" + std::to_string(number) + ":" + std::to_string(i);
    const int slot = slot_of(key);
    if (first <= slot && slot <= last) return key;
  }
}

}  // namespace dbha::lab
