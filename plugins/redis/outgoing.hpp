#pragma once
/// Bytes on their way to the kernel, and where they stand in the stream of all bytes of a connection.

#include <cstdint>
#include <string>
#include <string_view>

namespace dbha::redis {

struct Outgoing {
  std::string bytes;
  std::size_t sent = 0;    ///< of `bytes`, taken by the kernel
  std::uint64_t base = 0;  ///< position of bytes[0] in the stream

  std::string_view left() const { return std::string_view(bytes).substr(sent); }
  std::uint64_t position() const { return base + sent; }
  std::uint64_t end() const { return base + bytes.size(); }

  void advance(std::size_t count) {
    sent += count;
    if (sent >= bytes.size() / 2) forget_sent();  // moving the rest each time would cost quadratic time
  }
  void forget_sent() {
    base += sent;
    bytes.erase(0, sent);
    sent = 0;
  }
};

}  // namespace dbha::redis
