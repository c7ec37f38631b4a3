#include "memory/store_reply.hpp"

#include "memory/entry_key.hpp"

namespace dbha::memory {
namespace {

/// `fields`: version, whether it is a tombstone, value. Ours, so that nothing else can stand there.
Entry entry_of(EntryName name, const Value* fields) {
  return {std::move(name), std::stoull(fields[0].text), fields[2].text, fields[1].integer != 0};
}

}  // namespace

StoreResult failure_of(const std::string& what, const Result& result) {
  std::string detail = what;
  if (result.value.text.starts_with("NOENTRY ")) detail += " holds no entry";
  for (const std::string* text : {&result.value.text, &result.detail})
    if (!text->empty()) detail += ": " + *text;
  return {.outcome = result.outcome, .detail = std::move(detail)};
}

StoreResult found(const EntryName& name, const Result& result) {
  if (!result.ok()) return failure_of(key_of(name), result);
  if (result.value.kind == Value::Kind::nil) return {.outcome = Outcome::ok};
  return {.outcome = Outcome::ok, .entry = entry_of(name, result.value.elements.data())};
}

StoreResult written(const EntryName& name, const Result& result) {
  if (result.ok() && result.value.kind == Value::Kind::integer) return {.outcome = Outcome::ok, .applied = true};
  return found(name, result);
}

StoreResult counted(const std::string& key, const Result& result) {
  if (!result.ok()) return failure_of(key, result);
  return {.outcome = Outcome::ok, .number = static_cast<std::uint64_t>(result.value.integer)};
}

ScanPage read_page(const Value& reply) {
  ScanPage page{{static_cast<std::uint32_t>(reply.elements[0].integer)}, reply.elements[1].text, {}};
  for (const Value& each : reply.elements[2].elements)
    if (auto name = name_of(each.elements[0].text))
      page.entries.push_back(entry_of(std::move(*name), &each.elements[1]));
  return page;
}

}  // namespace dbha::memory
