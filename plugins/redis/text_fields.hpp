#pragma once
/// Cutting text into fields and numbers: what all parsers of this plugin share. Nothing here allocates.

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace dbha::redis {

/// Takes the text before the first separator off `rest`; all of it if there is none.
inline std::string_view take_until(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const auto field = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return field;
}

/// Takes one line off `rest`, without its "\n" or "\r\n".
inline std::string_view take_line(std::string_view& rest) {
  auto line = take_until(rest, '\n');
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// Takes one word off `rest`, however many spaces stand before it; empty when none is left.
inline std::string_view take_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(' ');
  rest.remove_prefix(begin == std::string_view::npos ? rest.size() : begin);
  return take_until(rest, ' ');
}

/// The whole text as a number, nothing if it is not one, or does not fit.
template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Ids go into the published topology, into logs and into the state store: at most 64 letters, digits, '-' and '_'.
inline bool is_plain_word(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  };
  return text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

/// A host name or an address without brackets; empty is none.
inline bool is_host(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view{"-_.:%"}.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), allowed);
}

/// What a node wrote, fit for a log: it may be anything, of any length.
inline std::string printable(std::string_view text) {
  std::string out(text.substr(0, 200));
  for (char& c : out) {
    if (c < ' ' || c == 0x7F) c = '?';
  }
  return out;
}

}  // namespace dbha::redis
