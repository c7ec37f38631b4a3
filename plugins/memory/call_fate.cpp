#include "memory/call_fate.hpp"

#include <algorithm>
#include <charconv>

#include "model/command_words.hpp"

namespace dbha::memory {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds(10);
constexpr Duration longest_pause = std::chrono::milliseconds(500);
constexpr unsigned longest_after = 6;  // doublings

template <class T>
std::optional<T> number(std::string_view text) {
  T out{};
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

}  // namespace

ErrorAction classify(std::string_view error) {
  const auto word = first_word(error);
  if (word == "MOVED") return ErrorAction::moved;
  if (word == "CLUSTERDOWN" || word == "LOADING") return ErrorAction::unavailable;
  return ErrorAction::give_back;
}

std::optional<Redirect> parse_redirect(std::string_view error) {
  const auto after_word = error.find(' ');
  if (after_word == std::string_view::npos) return std::nullopt;
  const auto rest = error.substr(after_word + 1);
  const auto after_partition = rest.find(' ');
  const auto colon = rest.rfind(':');
  if (after_partition == std::string_view::npos || colon == std::string_view::npos || colon <= after_partition + 1)
    return std::nullopt;
  const auto partition = number<std::uint32_t>(rest.substr(0, after_partition));
  const auto port = number<std::uint16_t>(rest.substr(colon + 1));
  if (!partition || !port) return std::nullopt;
  return Redirect{{*partition}, {std::string(rest.substr(after_partition + 1, colon - after_partition - 1)), *port}};
}

bool only_reads(const std::vector<std::string>& args) {
  return !refusal(args) && !may_write(args) && args.front() != "PUBLISH";
}

Duration pause_before(unsigned tries, std::uint64_t chance) {
  const Duration pause = std::min<Duration>(first_pause * (1 << std::min(tries, longest_after)), longest_pause);
  const auto half = static_cast<std::uint64_t>(pause.count() / 2);
  return pause - Duration(static_cast<Duration::rep>(chance % (half + 1)));
}

}  // namespace dbha::memory
