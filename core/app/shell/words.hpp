#pragma once

#include <algorithm>
#include <string_view>

namespace dbha::shell {

/// Whether a word is that one of a command, whatever its case; `name` in upper case.
inline bool is_word(std::string_view word, std::string_view name) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::equal(word.begin(), word.end(), name.begin(), name.end(), [&](char a, char b) { return upper(a) == b; });
}

}  // namespace dbha::shell
