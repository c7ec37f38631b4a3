#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace dbha::exec {

/// The end of what a program has said, however much that is.
class LastLines {
 public:
  static constexpr std::size_t most_bytes = 2000;
  static constexpr std::size_t most_lines = 5;

  void add(std::string_view bytes) {
    bytes = bytes.substr(bytes.size() - std::min(bytes.size(), most_bytes));
    text_.append(bytes);
    text_.erase(0, text_.size() - std::min(text_.size(), most_bytes));
  }

  /// The last lines that are not empty, " | " between them; empty if there are none.
  std::string text() const {
    std::string out;
    std::string_view rest = text_;
    for (std::size_t lines = 0; lines < most_lines && !rest.empty();) {
      const auto end = rest.find_last_not_of("\r\n");
      if (end == std::string_view::npos) break;
      rest = rest.substr(0, end + 1);
      const auto before = rest.find_last_of("\r\n");
      const auto line = before == std::string_view::npos ? rest : rest.substr(before + 1);
      out = std::string(line).append(out.empty() ? "" : " | ").append(out);
      rest.remove_suffix(line.size());
      ++lines;
    }
    return out;
  }

 private:
  std::string text_;
};

}  // namespace dbha::exec
