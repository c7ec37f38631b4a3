#include "shell/split_line.hpp"

namespace dbha::shell {
namespace {

/// redis-cli's two kinds of blank: all of these separate words, but only the first four end one.
constexpr std::string_view blanks = " \n\r\t\v\f";
constexpr std::string_view ends_of_word = " \n\r\t";

bool is_one_of(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char escaped(char letter) {
  constexpr std::string_view letters = "nrtba";
  constexpr std::string_view meanings = "\n\r\t\b\a";
  const auto at = letters.find(letter);
  return at == std::string_view::npos ? letter : meanings[at];
}

class Splitter {
 public:
  explicit Splitter(std::string_view line) : rest_(line) {}

  std::optional<std::vector<std::string>> words() {
    std::vector<std::string> out;
    while (skip_blanks()) {
      std::string word;
      if (!read_word(word)) return std::nullopt;
      out.push_back(std::move(word));
    }
    return out;
  }

 private:
  /// False at the end of the line.
  bool skip_blanks() {
    while (!rest_.empty() && is_one_of(blanks, rest_.front())) rest_.remove_prefix(1);
    return !rest_.empty();
  }

  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  /// A quote may open in the middle of a word, and its end is the word's.
  bool read_word(std::string& word) {
    while (!rest_.empty() && !is_one_of(ends_of_word, rest_.front())) {
      const char c = take();
      if (c == '"') return read_double(word) && at_end_of_word();
      if (c == '\'') return read_single(word) && at_end_of_word();
      word += c;
    }
    return true;
  }

  bool at_end_of_word() const { return rest_.empty() || is_one_of(blanks, rest_.front()); }

  bool read_double(std::string& word) {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '"') return true;
      word += c == '\\' && !rest_.empty() ? read_escape() : c;
    }
    return false;
  }

  /// After the backslash.
  char read_escape() {
    const char letter = take();
    if (letter != 'x' || rest_.size() < 2) return escaped(letter);
    const int high = hex_digit(rest_[0]);
    const int low = hex_digit(rest_[1]);
    if (high < 0 || low < 0) return letter;
    rest_.remove_prefix(2);
    return static_cast<char>(high * 16 + low);
  }

  bool read_single(std::string& word) {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '\'') return true;
      word += c == '\\' && rest_.starts_with('\'') ? take() : c;
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::vector<std::string>> split_line(std::string_view line) {
  return Splitter(line).words();
}

}  // namespace dbha::shell
