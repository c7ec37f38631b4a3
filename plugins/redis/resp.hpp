#pragma once
/// RESP2, the protocol of Redis, as bytes and values: no socket, no clock. hiredis finds the borders of a reply; the
/// values are built in place, so that a reply costs no allocation of its own.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <dbha/backend.hpp>

struct redisReader;

namespace dbha::redis {

/// Appends one command in the form that Redis reads: an array of bulk strings. Byte for byte what
/// redisFormatCommandArgv makes, but straight into the output buffer.
void append_command(std::string& out, std::span<const std::string> args);
void append_command(std::string& out, std::span<const std::string_view> args);

/// Cuts a stream of bytes into replies.
class ReplyReader {
 public:
  enum class Status { reply, incomplete, broken };

  /// A reply may take that many bytes, on the wire or once decoded; a longer one breaks the stream. Without a limit, a
  /// peer that speaks something else could make the process grow for ever.
  explicit ReplyReader(std::size_t max_reply_bytes);
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(std::string_view bytes);
  /// reply: `value` is the next one. incomplete: feed more. broken: this is no RESP2, or a reply is too long; see
  /// error(). Nothing can be read from the stream any more.
  Status next(Value& value);
  const std::string& error() const { return error_; }

 private:
  struct Builder;
  struct Free {
    void operator()(redisReader* reader) const;
  };

  std::unique_ptr<Builder> builder_;  // before reader_, which points to it
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t max_reply_bytes_;
  std::string error_;
};

}  // namespace dbha::redis
