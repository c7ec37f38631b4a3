#include "redis/store_reply.hpp"

#include <algorithm>

#include "redis/text_fields.hpp"

namespace dbha::redis {
namespace {

bool is_error(const Result& result, std::string_view word) {
  return result.outcome == Outcome::error_reply && result.value.text.starts_with(word);
}

StoreResult unreadable(std::string detail) {
  return {.outcome = Outcome::error_reply, .detail = std::move(detail)};
}

StoreResult from(const Parsed<std::optional<Entry>>& entry) {
  if (const Violation* violation = violation_of(entry)) return unreadable(violation->text);
  return {.outcome = Outcome::ok, .entry = std::get<0>(entry)};
}

}  // namespace

bool holds_no_entry(const Result& result) {
  return is_error(result, "WRONGTYPE ") || is_error(result, "NOENTRY ");
}

bool script_unknown(const Result& result) {
  return is_error(result, "NOSCRIPT");
}

std::string with_reasons(std::string detail, const Result& result) {
  for (const std::string* text : {&result.value.text, &result.detail}) {
    if (!text->empty()) detail += ": " + *text;
  }
  return detail;
}

StoreResult failure_of(const std::string& key, const Result& result) {
  std::string detail = shown(key);
  if (holds_no_entry(result)) detail += " holds no entry";
  return {.outcome = result.outcome, .detail = with_reasons(std::move(detail), result)};
}

StoreResult found(const EntryName& name, const Result& result) {
  if (!result.ok()) return failure_of(key_of(name), result);
  return from(read_entry(name, result.value));
}

StoreResult written(const EntryName& name, const Result& result) {
  if (!result.ok() || result.value.kind == Value::Kind::array) return found(name, result);
  if (result.value.kind == Value::Kind::integer) return {.outcome = Outcome::ok, .applied = true};
  return unreadable(shown(key_of(name)) + ": the script's reply is none of its own");
}

BatchResult::One looked_at(EntryName name, const Value& value) {
  if (value.kind == Value::Kind::integer) return {.applied = true};
  if (value.kind == Value::Kind::error) return {.trouble = shown(key_of(name)) + " holds no entry: " + value.text};
  auto read = read_entry(std::move(name), value, Fields::head);
  if (const Violation* violation = violation_of(read)) return {.trouble = violation->text};
  return {.entry = std::move(std::get<0>(read))};
}

BatchResult batch(const std::vector<EntryName>& names, const Result& result) {
  if (!result.ok()) {
    StoreResult failure = failure_of(key_of(names.front()), result);
    return {.outcome = failure.outcome, .detail = std::move(failure.detail)};
  }
  if (result.value.kind != Value::Kind::array || result.value.elements.size() != names.size())
    return {.outcome = Outcome::error_reply, .detail = "the script's reply is none of its own"};
  BatchResult out{.outcome = Outcome::ok};
  out.each.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) out.each.push_back(looked_at(names[i], result.value.elements[i]));
  return out;
}

StoreResult counted(const std::string& key, const Result& result) {
  if (!result.ok()) return failure_of(key, result);
  const auto read = number<std::uint64_t>(result.value.text);
  if (!read) return unreadable(shown(key) + ": expected a number, found " + shown(result.value.text));
  return {.outcome = Outcome::ok, .number = *read};
}

Parsed<KeyPage> read_key_page(Value&& reply) {
  auto& parts = reply.elements;
  const auto is_text = [](const Value& value) { return value.kind == Value::Kind::text; };
  if (parts.size() != 2 || !is_text(parts[0]) || parts[0].text.empty() || parts[1].kind != Value::Kind::array ||
      !std::all_of(parts[1].elements.begin(), parts[1].elements.end(), is_text)) {
    return Violation{"expected a cursor and keys in the reply to SCAN, found something else"};
  }
  KeyPage page{.cursor = std::move(parts[0].text), .keys = {}};
  page.keys.reserve(parts[1].elements.size());
  for (Value& key : parts[1].elements) page.keys.push_back(std::move(key.text));
  return page;
}

}  // namespace dbha::redis
