#include "topology/partitions_text.hpp"

#include <algorithm>
#include <charconv>

namespace dbha {
namespace {

std::optional<Partition> partition_from(std::string_view text) {
  Partition out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::optional<PartitionSet> partitions_from(std::string_view text) {
  PartitionSet out;
  for (bool more = true; more;) {
    const auto item = text.substr(0, text.find(','));
    const auto dash = item.find('-');
    const auto first = partition_from(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : partition_from(item.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    out.set({*first, *last}, {});
    more = item.size() < text.size();
    text.remove_prefix(std::min(text.size(), item.size() + 1));
  }
  return out;
}

}  // namespace dbha
