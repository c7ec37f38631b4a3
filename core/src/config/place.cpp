#include "config/place.hpp"

#include <sstream>

#include "config/secret.hpp"

namespace dbha {
namespace {

constexpr std::size_t shown = 60;

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, shown)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out + (text.size() > shown ? "...\"" : "\"");
}

/// One overload for each type: its name, then the value.
struct Shown {
  std::string type;
  std::string value;
};

Shown show(const Tree::Table&) {
  return {"a table", ""};
}
Shown show(const Tree::Array&) {
  return {"a list", ""};
}
Shown show(const std::string& text) {
  return {"text", in_quotes(text)};
}
Shown show(std::int64_t number) {
  return {"integer", std::to_string(number)};
}
Shown show(bool flag) {
  return {"flag", flag ? "true" : "false"};
}
Shown show(const Tree::Other&) {
  return {"a date or time", ""};
}
Shown show(double number) {
  std::ostringstream out;
  out << number;
  return {"number", out.str()};
}

}  // namespace

std::string place(const std::filesystem::path& file, Position at) {
  return file.string() + ':' + std::to_string(at.line) + ':' + std::to_string(at.column) + ": ";
}

std::string found(std::string_view key, const Tree& value) {
  const Shown is = std::visit([](const auto& v) { return show(v); }, value.value);
  if (is.value.empty()) return is.type;
  return is.type + ' ' + (is_secret(key) ? "(not shown)" : is.value);
}

}  // namespace dbha
