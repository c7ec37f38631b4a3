#pragma once
/// The words by which a RESP2 subscriber tells messages from answers: both come as arrays on the same connection.

#include <optional>
#include <string_view>

namespace dbha::redis {

enum class PubSubWord {
  message,
  pmessage,
  smessage,  // up to here: never an answer
  subscribe,
  unsubscribe,
  psubscribe,
  punsubscribe,
  ssubscribe,
  sunsubscribe,
};

/// The word, in upper or lower case; nothing for any other.
std::optional<PubSubWord> pubsub_word(std::string_view text);

/// The word that begins the answer to a command with this verb; nothing if its answer is no word of pub/sub.
inline std::optional<PubSubWord> confirmation_of(std::string_view verb) {
  const auto word = pubsub_word(verb);
  return word > PubSubWord::smessage ? word : std::nullopt;
}

}  // namespace dbha::redis
