#include "history/since.hpp"

#include <charconv>
#include <chrono>

#include "config/units.hpp"

namespace dbha {
namespace {

/// Takes a text apart from its beginning; after the first thing that is not there it is not whole any more.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(char c) { whole_ = skip(c) && whole_; }
  /// Exactly so many digits.
  int digits(std::size_t count) {
    int value = 0;
    const auto text = rest_.substr(0, count);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = text.size() == count && error == std::errc{} && end == text.data() + count && text.front() != '-';
    whole_ = whole_ && good;
    rest_.remove_prefix(text.size());
    return good ? value : 0;
  }
  bool at_end() const { return rest_.empty(); }
  bool whole() const { return whole_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool whole_ = true;
};

std::chrono::year_month_day date_of(Reader& reader) {
  const std::chrono::year year(reader.digits(4));
  reader.need('-');
  const std::chrono::month month(static_cast<unsigned>(reader.digits(2)));
  reader.need('-');
  return {year, month, std::chrono::day(static_cast<unsigned>(reader.digits(2)))};
}

/// Nothing if there is no such time of day.
std::optional<std::chrono::milliseconds> time_of(Reader& reader) {
  const int hours = reader.digits(2);
  reader.need(':');
  const int minutes = reader.digits(2);
  const int seconds = reader.skip(':') ? reader.digits(2) : 0;
  const int ms = reader.skip('.') ? reader.digits(3) : 0;
  if (hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
  return std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds) +
         std::chrono::milliseconds(ms);
}

}  // namespace

std::optional<std::int64_t> moment_ms(std::string_view text, std::int64_t now_ms) {
  if (text.empty()) return std::nullopt;
  if (const auto ago = parse_duration(text))
    return now_ms - std::chrono::duration_cast<std::chrono::milliseconds>(*ago).count();
  Reader reader(text);
  const auto date = date_of(reader);
  std::optional<std::chrono::milliseconds> time(0);
  if (!reader.at_end() && (reader.skip('T') || reader.skip(' '))) time = time_of(reader);
  reader.skip('Z');
  if (!reader.whole() || !date.ok() || !time) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::sys_days(date).time_since_epoch() + *time)
      .count();
}

}  // namespace dbha
