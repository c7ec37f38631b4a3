#include "redis/multi_key.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "redis/slot.hpp"

namespace dbha::redis {
namespace {

constexpr std::array<std::string_view, 6> splitting{"DEL", "EXISTS", "MGET", "MSET", "TOUCH", "UNLINK"};

bool equal_words(std::string_view text, std::string_view upper_case) {
  return std::equal(text.begin(), text.end(), upper_case.begin(), upper_case.end(), [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - ('a' - 'A')) : a) == b;
  });
}

/// What is to be said of the whole: the higher, the worse.
int badness(const Result& result) {
  switch (result.outcome) {
    case Outcome::ok:
      return 0;
    case Outcome::cancelled:
      return 1;
    case Outcome::refused:
      return 2;
    case Outcome::timeout:
      return 3;
    case Outcome::error_reply:
      return 4;
    case Outcome::outcome_unknown:
      return 5;
  }
  return 5;
}

}  // namespace

bool splits(std::span<const std::string> args) {
  return std::any_of(splitting.begin(), splitting.end(),
                     [&](std::string_view name) { return equal_words(args.front(), name); });
}

std::vector<Part> split(const Call& call, const KeyPlaces& keys) {
  std::vector<Part> parts;
  std::map<Partition, std::size_t> part_of;
  for (std::size_t n = 0; n < keys.count; ++n) {
    const std::string& key = call.args[keys.place(n)];
    const auto [at, added] = part_of.try_emplace(slot_of(key), parts.size());
    if (added) {
      parts.push_back({.call = {.key = key,
                                .args = {call.args.front()},
                                .repeatable = call.repeatable,
                                .deadline = call.deadline,
                                .stop = call.stop},
                       .keys = {}});
    }
    Part& part = parts[at->second];
    for (std::size_t i = 0; i < keys.step && keys.place(n) + i < call.args.size(); ++i) {
      part.call.args.push_back(call.args[keys.place(n) + i]);
    }
    part.keys.push_back(n);
  }
  return parts;
}

Gathering::Gathering(std::vector<Part>& parts, std::size_t keys, Completion done)
    : results_(parts.size()), missing_(parts.size()), key_count_(keys), done_(std::move(done)) {
  for (Part& part : parts) keys_.push_back(std::move(part.keys));
}

void Gathering::take(std::size_t part, Result result) {
  results_[part] = std::move(result);
  if (--missing_ == 0) finish();
}

void Gathering::finish() {
  const auto worst = std::max_element(results_.begin(), results_.end(),
                                      [](const Result& a, const Result& b) { return badness(a) < badness(b); });
  Result whole{.outcome = worst->outcome, .value = worst->value, .detail = worst->detail, .node = worst->node};
  if (whole.ok()) {
    whole.value = merged();
  } else {
    if (!whole.detail.empty()) whole.detail += "; ";
    whole.detail += "one of " + std::to_string(results_.size()) + " parts, each of which stands for itself";
  }
  done_(std::move(whole));
}

/// Numbers are added, elements put in their places; of a status (MSET) one is as good as another.
Value Gathering::merged() {
  Value out{.kind = results_.front().value.kind, .text = results_.front().value.text};
  out.elements.resize(out.kind == Value::Kind::array ? key_count_ : 0);
  for (std::size_t part = 0; part < results_.size(); ++part) {
    out.integer += results_[part].value.integer;
    auto& elements = results_[part].value.elements;
    const std::size_t count = std::min({elements.size(), keys_[part].size(), out.elements.size()});
    for (std::size_t i = 0; i < count; ++i) out.elements[keys_[part][i]] = std::move(elements[i]);
  }
  return out;
}

}  // namespace dbha::redis
