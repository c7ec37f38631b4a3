#include "config/secret.hpp"

#include <algorithm>
#include <string>

namespace dbha {

bool is_secret(std::string_view key) {
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (lower.ends_with("_file")) return false;
  static constexpr std::string_view words[] = {"password", "passwd", "passphrase", "secret", "token"};
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace dbha
