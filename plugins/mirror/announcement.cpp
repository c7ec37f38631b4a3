#include "mirror/announcement.hpp"

#include <array>
#include <charconv>

#include "mirror/versions.hpp"

namespace dbha::mirror {
namespace {

enum class Kind { put, changed, removed };

constexpr std::array<std::string_view, 3> words{"put", "changed", "removed"};

Kind kind_of(const Entry& entry) {
  if (entry.removed) return Kind::removed;
  return entry.value.size() > longest_value ? Kind::changed : Kind::put;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

std::optional<Kind> kind_of(std::string_view word) {
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == word) return static_cast<Kind>(i);
  return std::nullopt;
}

/// What is still to be read of a message.
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  bool at_end() const { return left_.empty(); }
  /// Up to the sign, which is passed over.
  std::optional<std::string_view> word(char sign) {
    const auto end = left_.find(sign);
    if (end == std::string_view::npos) return std::nullopt;
    const auto out = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return out;
  }
  std::optional<std::uint64_t> number(char sign) {
    const auto text = word(sign);
    return text ? number_of(*text) : std::nullopt;
  }
  std::optional<std::string> bytes(std::uint64_t count) {
    if (count > left_.size()) return std::nullopt;
    std::string out(left_.substr(0, count));
    left_.remove_prefix(count);
    return out;
  }

 private:
  std::string_view left_;
};

std::optional<Announced> read_record(const std::string& table, Reader& reader) {
  const auto version = reader.number(' ');
  const auto word = reader.word(' ');
  const auto topic_bytes = reader.number(' ');
  const auto key_bytes = reader.number(' ');
  const auto value_bytes = reader.number('\n');
  if (!version || !word || !topic_bytes || !key_bytes || !value_bytes) return std::nullopt;
  const auto kind = kind_of(*word);
  auto topic = reader.bytes(*topic_bytes);
  auto key = reader.bytes(*key_bytes);
  auto value = reader.bytes(*value_bytes);
  if (!kind || !topic || !key || !value || topic->empty()) return std::nullopt;
  if (*version == 0 || *version > last_version || (kind != Kind::put && !value->empty())) return std::nullopt;
  return Announced{{{table, std::move(*topic), std::move(*key)}, *version, std::move(*value), kind == Kind::removed},
                   kind != Kind::changed};
}

}  // namespace

std::string channel_of(std::string_view table) {
  return std::string("dbha/").append(table);
}

std::string record_of(const Entry& entry) {
  const Kind kind = kind_of(entry);
  const std::string_view value = kind == Kind::put ? std::string_view(entry.value) : std::string_view();
  std::string out = std::to_string(entry.version);
  out.append(" ").append(words[static_cast<std::size_t>(kind)]);
  for (const std::size_t bytes : {entry.name.topic.size(), entry.name.key.size(), value.size()})
    out.append(" ").append(std::to_string(bytes));
  return out.append("\n").append(entry.name.topic).append(entry.name.key).append(value);
}

std::optional<std::vector<Announced>> read_records(const std::string& table, std::string_view message) {
  std::vector<Announced> out;
  for (Reader reader(message); !reader.at_end();) {
    auto record = read_record(table, reader);
    if (!record) return std::nullopt;
    out.push_back(std::move(*record));
  }
  return out;
}

}  // namespace dbha::mirror
