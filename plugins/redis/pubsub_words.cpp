#include "redis/pubsub_words.hpp"

#include <algorithm>
#include <array>

namespace dbha::redis {
namespace {

constexpr std::array<std::string_view, 9> words{"message",      "pmessage",    "smessage",
                                                "subscribe",    "unsubscribe", "psubscribe",
                                                "punsubscribe", "ssubscribe",  "sunsubscribe"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

std::optional<PubSubWord> pubsub_word(std::string_view text) {
  const auto at = std::find_if(words.begin(), words.end(), [&](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) { return lower(a) == b; });
  });
  if (at == words.end()) return std::nullopt;
  return static_cast<PubSubWord>(at - words.begin());
}

}  // namespace dbha::redis
