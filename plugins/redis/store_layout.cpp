#include "redis/store_layout.hpp"

#include <dbha/backend.hpp>

#include "redis/text_fields.hpp"

namespace dbha::redis {
namespace {

constexpr std::string_view reserved = ".{}%";
constexpr std::string_view hex = "0123456789ABCDEF";

void append_part(std::string& out, std::string_view part) {
  for (const char c : part) {
    if (reserved.find(c) == std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', hex[byte >> 4], hex[byte & 0xF]});
    }
  }
}

std::string encoded(std::string_view part) {
  std::string out;
  append_part(out, part);
  return out;
}

/// Only what append_part() makes, so that no two keys are one entry.
std::optional<std::string> decoded(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (reserved.find(part[i]) == std::string_view::npos) {
      out += part[i];
      continue;
    }
    if (part[i] != '%' || part.size() - i < 3) return std::nullopt;
    const auto high = hex.find(part[i + 1]);
    const auto low = hex.find(part[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    if (reserved.find(out.back()) == std::string_view::npos) return std::nullopt;
    i += 2;
  }
  return out;
}

/// Literally, in a pattern of SCAN.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

Violation not_an_entry(const EntryName& name, const std::string& why) {
  return {shown(key_of(name)) + " holds no entry: " + why};
}

bool is_text(const Value& value) {
  return value.kind == Value::Kind::text;
}

}  // namespace

std::string key_of(const EntryName& name) {
  std::string out = "{";
  append_part(out, name.table);
  out += '.';
  append_part(out, name.topic);
  out += '}';
  append_part(out, name.key);
  return out;
}

std::optional<EntryName> name_of(std::string_view key) {
  const auto dot = key.find('.');
  const auto brace = key.find('}');
  if (!key.starts_with('{') || brace == std::string_view::npos || dot > brace) return std::nullopt;
  auto table = decoded(key.substr(1, dot - 1));
  auto topic = decoded(key.substr(dot + 1, brace - dot - 1));
  auto rest = decoded(key.substr(brace + 1));
  if (!table || !topic || !rest || table->empty() || topic->empty()) return std::nullopt;
  return EntryName{std::move(*table), std::move(*topic), std::move(*rest)};
}

std::string counter_of(std::string_view table) {
  return '{' + encoded(table) + "}#number";
}

std::string pattern_of(const ScanRange& range) {
  if (!range.table) return "{*.*}*";
  std::string out = '{' + escaped(encoded(*range.table)) + '.';
  return out + (range.topic ? escaped(encoded(*range.topic)) + "}*" : "*");
}

Parsed<std::optional<Entry>> read_entry(EntryName name, const Value& reply, Fields fields) {
  const std::size_t count = fields == Fields::all ? 3 : 2;
  if (reply.kind != Value::Kind::array || reply.elements.size() != count)
    return not_an_entry(name, "expected its fields, found another reply");
  const Value& version = reply.elements[0];
  const Value& tombstone = reply.elements[1];
  const Value* data = fields == Fields::all ? &reply.elements[2] : nullptr;
  if (!is_text(version) && !is_text(tombstone) && !(data && is_text(*data))) return std::optional<Entry>();
  if (!is_text(version)) return not_an_entry(name, "it has no field v");
  const auto read = number<std::uint64_t>(version.text);
  if (!read || *read == 0 || version.text.front() == '0')
    return not_an_entry(name, "expected a version in its field v, found " + shown(version.text));
  if (data && is_text(*data) == is_text(tombstone)) return not_an_entry(name, "expected either a field d or a field x");
  return Entry{.name = std::move(name),
               .version = *read,
               .value = data ? data->text : std::string(),
               .removed = is_text(tombstone)};
}

}  // namespace dbha::redis
