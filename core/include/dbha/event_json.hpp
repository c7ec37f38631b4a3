#pragma once
/// Events as JSON text, one object each: what the exec plugin gives its command, the event socket its programs, and
/// what
/// `--json` prints. The only place that spells them out; plugins need no JSON library for it.
///
///     {"event": "dbrestart", "id": "sb-1-7", "cluster": "nb", "cause": "failover", "partitions": [[0, 5460]],
///      "old_primary": "3f2a...", "new_primary": "9c0d...", "epoch": 42, "last_healthy": 1795411925000,
///      "loss": "unknown", "partial": false}

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <dbha/events.hpp>
#include <dbha/topology_text.hpp>

namespace dbha {
namespace detail {

/// The bytes of the character of UTF-8 with which the text begins; 0 if it begins with none.
inline std::size_t utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const unsigned char second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool beyond = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

inline std::string json_control(char c) {
  constexpr char hex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("\\u00") + hex[byte >> 4] + hex[byte & 0xF];
}

}  // namespace detail

/// A text as JSON, with its quotes. Valid JSON whatever the bytes are: what is no UTF-8 becomes U+FFFD.
inline std::string json_of(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = detail::utf8_character(text);
    const char c = text.front();
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out.append("\\").append(1, c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += detail::json_control(c);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

/// [[a, b], ...]
inline std::string json_of(const PartitionSet& set) {
  std::string out;
  for (const auto& entry : set)
    out.append(out.empty() ? "[[" : ", [")
        .append(std::to_string(entry.range.first.value))
        .append(", ")
        .append(std::to_string(entry.range.last.value))
        .append("]");
  return out.empty() ? "[]" : out + ']';
}

namespace detail {

class JsonObject {
 public:
  JsonObject& add(std::string_view key, const std::string& text) { return raw(key, json_of(text)); }
  JsonObject& add(std::string_view key, const char* text) { return raw(key, json_of(std::string_view(text))); }
  JsonObject& add(std::string_view key, const PartitionSet& set) { return raw(key, json_of(set)); }
  JsonObject& add(std::string_view key, const NodeId& node) { return add(key, node.value); }
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  JsonObject& add(std::string_view key, Number number) {
    if constexpr (std::is_same_v<Number, bool>) return raw(key, number ? "true" : "false");
    return raw(key, std::to_string(number));
  }
  JsonObject& add(std::string_view key, const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& text : texts) list.append(list.empty() ? "" : ", ").append(json_of(text));
    return raw(key, '[' + list + ']');
  }
  std::string text() const { return text_ + '}'; }

 private:
  JsonObject& raw(std::string_view key, const std::string& value) {
    text_.append(text_.size() == 1 ? "" : ", ").append(json_of(key)).append(": ").append(value);
    return *this;
  }
  std::string text_ = "{";
};

struct EventFields {
  JsonObject& out;
  void operator()(const DbRestart& e) const {
    out.add("id", e.id).add("cluster", e.cluster).add("cause", text_of(e.cause)).add("partitions", e.partitions);
    out.add("old_primary", e.old_primary).add("new_primary", e.new_primary).add("epoch", e.epoch.value);
    out.add("last_healthy", e.last_healthy_ms).add("loss", text_of(e.loss)).add("partial", e.partial);
  }
  void operator()(const TopologyChanged& e) const {
    out.add("cluster", e.cluster).add("version", e.version.text()).add("changes", text_of(e.diff));
    out.add("partial", e.partial);
  }
  void operator()(const ViewStale& e) const {
    out.add("cluster", e.cluster);
    out.add("age_ms", std::chrono::duration_cast<std::chrono::milliseconds>(e.age).count());
  }
  void operator()(const ViewFresh& e) const { out.add("cluster", e.cluster); }
  void operator()(const SubscriptionInterrupted& e) const {
    out.add("cluster", e.cluster).add("node", e.node).add("channels", e.channels);
    out.add("from_ms", e.from_ms).add("to_ms", e.to_ms);
  }
  void operator()(const LossKnown& e) const {
    out.add("id", e.id).add("cluster", e.cluster).add("partitions", e.partitions).add("loss", text_of(e.loss));
    out.add("old_offset", e.old_offset).add("new_offset", e.new_offset);
  }
};

}  // namespace detail

/// One line, without an end of line. UTF-8; times are wall clock in ms since 1970, offsets -1 where not known.
inline std::string json_of(const Event& event) {
  detail::JsonObject out;
  out.add("event", name_of(event));
  std::visit(detail::EventFields{out}, event);
  return out.text();
}

}  // namespace dbha
