#include "shell/reply_text.hpp"

#include <string_view>

namespace dbha::shell {
namespace {

std::string error_text(const std::string& text) {
  return "(error) " + text;
}

void add_raw(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::nil:
      return;
    case Value::Kind::integer:
      out += std::to_string(value.integer);
      return;
    case Value::Kind::error:
      out += error_text(value.text);
      return;
    case Value::Kind::array:
      for (std::size_t i = 0; i < value.elements.size(); ++i) {
        if (i > 0) out += '\n';
        add_raw(out, value.elements[i]);
      }
      return;
    case Value::Kind::text:
    case Value::Kind::status:
    case Value::Kind::real:
      out += value.text;
  }
}

/// In quotes, with all that a terminal might not show as it is escaped.
std::string quoted(const std::string& text) {
  constexpr std::string_view special = "\n\r\t\a\b\\\"";
  constexpr std::string_view letters = "nrtab\\\"";
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const auto at = special.find(c); at != std::string_view::npos) {
      out += {'\\', letters[at]};
    } else if (byte >= 0x20 && byte < 0x7F) {
      out += c;
    } else {
      out += {'\\', 'x', hex[byte >> 4], hex[byte & 0xF]};
    }
  }
  return out + '"';
}

std::string human_line(const Value& value) {
  switch (value.kind) {
    case Value::Kind::nil:
      return "(nil)";
    case Value::Kind::integer:
      return "(integer) " + std::to_string(value.integer);
    case Value::Kind::real:
      return "(double) " + value.text;
    case Value::Kind::error:
      return error_text(value.text);
    case Value::Kind::text:
      return quoted(value.text);
    case Value::Kind::status:
      return value.text;
    case Value::Kind::array:
      break;
  }
  return "(empty array)";
}

/// `indent`: of every line but the first, which stands behind the number that the array around gave it.
void add_human(std::string& out, const Value& value, const std::string& indent) {
  if (value.elements.empty()) {
    out += human_line(value) + '\n';
    return;
  }
  const std::size_t digits = std::to_string(value.elements.size()).size();
  const std::string deeper = indent + std::string(digits + 2, ' ');
  for (std::size_t i = 0; i < value.elements.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    if (i > 0) out += indent;
    out += std::string(digits - number.size(), ' ') + number + ") ";
    add_human(out, value.elements[i], deeper);
  }
}

/// How a call ended that has no reply.
const char* ending(Outcome outcome) {
  switch (outcome) {
    case Outcome::timeout:
      return "(timeout) ";
    case Outcome::outcome_unknown:
      return "(unknown-outcome) ";
    default:
      return "(unavailable) ";
  }
}

}  // namespace

std::string text_of(const Value& value, Form form) {
  std::string out;
  if (form == Form::human) {
    add_human(out, value, "");
  } else {
    add_raw(out, value);
    out += '\n';
  }
  return out;
}

std::string text_of(const Result& result, Form form) {
  if (result.ok()) return text_of(result.value, form);
  if (result.outcome == Outcome::error_reply) return error_text(result.value.text) + '\n';
  return ending(result.outcome) + result.detail + '\n';
}

}  // namespace dbha::shell
