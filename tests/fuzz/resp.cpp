// A stream of replies is the same values and ends the same way however it is cut. The first byte of an input is the
// size of the pieces, the rest the stream.
#include "redis/resp.hpp"

#include <algorithm>
#include <vector>

#include "invariant.hpp"
#include "redis/pubsub_words.hpp"
#include "redis/role_reply.hpp"

using namespace dbha;
using namespace dbha::fuzz;
using redis::ReplyReader;

namespace {

constexpr std::size_t no_limit = std::size_t{64} << 20;

struct Read {
  std::vector<Value> values;
  ReplyReader::Status end = ReplyReader::Status::incomplete;
};

Read read(std::string_view stream, std::size_t piece, std::size_t limit) {
  ReplyReader reader(limit);
  Read result;
  for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
    reader.feed(stream.substr(0, piece));
    Value value;
    while ((result.end = reader.next(value)) == ReplyReader::Status::reply) result.values.push_back(std::move(value));
    if (result.end == ReplyReader::Status::broken) break;
  }
  hold(reader.error().empty() == (result.end != ReplyReader::Status::broken), "a broken stream says why");
  Value none;
  hold(stream.empty() || reader.next(none) == ReplyReader::Status::broken, "a broken stream stays broken");
  return result;
}

std::size_t bytes_of(const Value& value) {
  std::size_t bytes = value.text.size();
  for (const Value& element : value.elements) bytes += bytes_of(element);
  return bytes;
}

/// A command written is the same command read. One of all the words that were read: a reader for each would cost most
/// of the time.
void write_and_read(const std::vector<Value>& values) {
  std::vector<std::string> words;
  for (const Value& value : values) {
    words.push_back(value.text);
    for (const Value& element : value.elements) words.push_back(element.text);
  }
  if (words.empty()) return;
  std::string bytes;
  redis::append_command(bytes, words);
  const Read again = read(bytes, bytes.size(), no_limit);
  hold(again.values.size() == 1 && again.values[0].elements.size() == words.size(), "a command is one array");
  for (std::size_t i = 0; i < words.size(); ++i)
    hold(again.values[0].elements[i].text == words[i], "words arrive as they were");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream = text_of(data + 1, size - 1);
  const Read whole = read(stream, stream.size(), no_limit);
  const Read pieces = read(stream, std::size_t{1} + data[0] % 64, no_limit);
  hold(whole.values == pieces.values, "any cutting gives the same values");
  hold(whole.end == pieces.end, "any cutting ends the same way");

  constexpr std::size_t small = 1000;
  const Read limited = read(stream, std::size_t{1} + data[0] % 64, small);
  hold(limited.values.size() <= whole.values.size(), "a limit adds nothing");
  for (std::size_t i = 0; i < limited.values.size(); ++i) {
    hold(limited.values[i] == whole.values[i], "what a limit lets pass is unchanged");
    hold(bytes_of(limited.values[i]) <= small, "a limit holds");
  }
  write_and_read(whole.values);
  for (const Value& value : whole.values) {
    const auto role = redis::parse_role(value);
    if (const auto* violation = redis::violation_of(role)) hold_printable(*violation);
    if (!value.elements.empty()) static_cast<void>(redis::pubsub_word(value.elements.front().text));
  }
  return 0;
}
