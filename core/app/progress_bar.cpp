#include "progress_bar.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace dbha::app {
namespace {

constexpr std::size_t longest_bar = 40;

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string bar_text(const std::string& what, std::uint64_t done, std::uint64_t total, std::size_t width) {
  if (total == 0) return what.substr(0, width);
  const double part = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const std::string percent = std::to_string(static_cast<int>(part * 100)) + " %";
  const std::size_t around = what.size() + std::string_view(" [] 100 %").size();
  if (around >= width) return (what + ' ' + percent).substr(0, width);
  const std::size_t length = std::min(longest_bar, width - around);
  const auto full = static_cast<std::size_t>(part * static_cast<double>(length));
  return what + " [" + std::string(full, '#') + std::string(length - full, '-') + "] " +
         std::string(5 - percent.size(), ' ') + percent;
}

ProgressBar::ProgressBar(Elsewhere elsewhere) : terminal_(isatty(STDERR_FILENO) == 1), elsewhere_(elsewhere) {}

void ProgressBar::show(const std::string& what, std::uint64_t done, std::uint64_t total) {
  if (!terminal_) return show_line(what, done, total);
  const auto text = bar_text(what, done, total, terminal_width() - 1);
  if (text == shown_) return;
  std::fprintf(stderr, "\r%s\033[K", text.c_str());
  std::fflush(stderr);
  shown_ = text;
}

void ProgressBar::show_line(const std::string& what, std::uint64_t done, std::uint64_t total) {
  if (elsewhere_ == Elsewhere::nothing || total == 0) return;
  const auto step = what + std::to_string(10 * done / total);
  if (std::exchange(shown_, step) == step) return;
  std::fprintf(stderr, "%s %s of %s\n", what.c_str(), std::to_string(done).c_str(), std::to_string(total).c_str());
}

void ProgressBar::clear() {
  if (!terminal_ || shown_.empty()) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_.clear();
}

}  // namespace dbha::app
