#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dbha::app {

/// "mirror: compare [######----------]  37 %"; without a total "mirror: compare".
std::string bar_text(const std::string& what, std::uint64_t done, std::uint64_t total, std::size_t width);

/// One line on standard error that shows how far something is, where that is a terminal.
class ProgressBar {
 public:
  /// Where it is none: a line for each step of a tenth, "mirror: compare 1024 of 10000".
  enum class Elsewhere { nothing, lines };

  explicit ProgressBar(Elsewhere elsewhere = Elsewhere::nothing);
  /// The line is gone, as if it had never been.
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(const std::string& what, std::uint64_t done, std::uint64_t total);
  /// Before something else is written.
  void clear();

 private:
  void show_line(const std::string& what, std::uint64_t done, std::uint64_t total);

  bool terminal_;
  Elsewhere elsewhere_;
  std::string shown_;  ///< on the terminal; elsewhere the step
};

}  // namespace dbha::app
