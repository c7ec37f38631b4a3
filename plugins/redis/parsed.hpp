#pragma once
/// What a parser returns: the value, or the first violation it found. Replies come from whatever listens on a port, so
/// every parser of this plugin reads them as untrusted text.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace dbha::redis {

/// What is wrong with a text, in words for an operator. Texts of a node are quoted shortened and without control
/// characters, so that a hostile node cannot write into a log or a terminal.
struct Violation {
  std::string text;
  friend bool operator==(const Violation&, const Violation&) = default;
};

template <class T>
using Parsed = std::variant<T, Violation>;

template <class T>
const Violation* violation_of(const Parsed<T>& parsed) {
  return std::get_if<Violation>(&parsed);
}

/// The text in quotes, at most 48 characters of it, anything but printable ASCII replaced.
inline std::string shown(std::string_view text) {
  constexpr std::size_t longest = 48;
  std::string out = "'";
  for (char c : text.substr(0, longest)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > longest ? "...'" : "'");
}

}  // namespace dbha::redis
