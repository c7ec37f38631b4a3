#include "log/log_line.hpp"

#include <algorithm>

#include "log/log_level.hpp"

namespace dbha {
namespace {

constexpr std::size_t level_width = 6;  // "error" and a blank; "warning" takes what it needs

/// C0 and DEL. C1 controls steer terminals as well; in UTF-8 they are 0xC2 followed by 0x80 to 0x9F.
bool is_control(std::string_view text, std::size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c < 0x20 || c == 0x7F) return true;
  const auto before = i > 0 ? static_cast<unsigned char>(text[i - 1]) : 0U;
  return before == 0xC2 && c >= 0x80 && c < 0xA0;
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (is_control(text, i) || text[i] == ' ' || text[i] == '"' || text[i] == '=' || text[i] == '\\') return true;
  return false;
}

void append_hex(std::string& out, char c) {
  static constexpr char digits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 0xFU]);
}

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      out += "\\n";
    } else if (is_control(text, i)) {
      append_hex(out, text[i]);
    } else {
      if (text[i] == '"' || text[i] == '\\') out += '\\';
      out += text[i];
    }
  }
}

void append_value(std::string& out, std::string_view value) {
  if (!needs_quotes(value)) {
    out += value;
    return;
  }
  out += '"';
  append_escaped(out, value);
  out += '"';
}

}  // namespace

std::string log_line(LogLevel level, std::string_view event, Log::Fields fields) {
  std::string line = text_of(level);
  line.append(std::max<std::size_t>(line.size() + 1, level_width) - line.size(), ' ');
  append_escaped(line, event);
  for (const Log::Field& field : fields) {
    line += ' ';
    append_escaped(line, field.key);
    line += '=';
    append_value(line, field.value);
  }
  return line;
}

}  // namespace dbha
