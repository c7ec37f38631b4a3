#pragma once
/// The checks that every decoder is made of. Each names the violation it found.

#include <optional>
#include <string>
#include <string_view>

#include <dbha/types.hpp>

#include "wire_limits.hpp"

namespace dbha::bus {

/// Why a message cannot be used; nothing if it can.
using Refusal = std::optional<std::string>;

/// A text that may be empty. Control characters are refused: they would let a peer forge lines of a log.
inline Refusal check_text(const char* what, std::string_view text) {
  if (text.size() > max_text)
    return std::string(what) + " of " + std::to_string(text.size()) + " bytes, at most " + std::to_string(max_text) +
           " are allowed";
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return std::string(what) + " with a control character";
  return {};
}

inline Refusal check_name(const char* what, std::string_view text) {
  if (text.empty()) return std::string("no ") + what;
  return check_text(what, text);
}

inline Refusal check_count(const char* what, std::size_t count, std::size_t most) {
  if (count <= most) return {};
  return std::to_string(count) + ' ' + what + ", at most " + std::to_string(most) + " are allowed";
}

/// A host with a port, or neither where the address is not known.
inline Refusal check_endpoint(std::string_view host, std::uint32_t port) {
  if (host.empty() && port == 0) return {};
  if (host.empty()) return "a port without a host";
  if (port == 0 || port > 65535) return "port " + std::to_string(port) + ", expected 1 to 65535";
  return check_text("host", host);
}

inline Refusal check_protocol(std::uint32_t protocol) {
  if (understands(protocol)) return {};
  return "protocol version " + std::to_string(protocol) + ", this side speaks " + std::to_string(protocol_version) +
         "; update the older side first to a version in between";
}

/// Ranges come sorted and without overlap, so that each partition is told of once.
class RangeOrder {
 public:
  RangeOrder(const char* what, std::uint32_t partitions) : what_(what), partitions_(partitions) {}

  Refusal next(std::uint32_t first, std::uint32_t last) {
    const auto range = [&] { return std::string(what_) + ' ' + std::to_string(first) + '-' + std::to_string(last); };
    if (first > last) return range() + " ends before it begins";
    if (last >= partitions_) return range() + " beyond " + std::to_string(partitions_) + " partitions";
    if (first < free_from_) return range() + " overlaps the range before it or is out of order";
    free_from_ = last + 1;
    return {};
  }

 private:
  const char* what_;
  std::uint32_t partitions_;
  std::uint32_t free_from_ = 0;
};

}  // namespace dbha::bus
