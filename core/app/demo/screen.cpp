#include "demo/screen.hpp"

#include <cstdlib>

#include <unistd.h>

namespace dbha::demo {
namespace {

bool wants_colours(std::FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(fileno(stream)) == 1 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

Screen::Screen(bool json) : stream_(json ? stderr : stdout), colours_(wants_colours(stream_)) {}

void Screen::print(const char* colour, const std::string& text) const {
  const bool coloured = colours_ && *colour != '\0';
  std::fprintf(stream_, "%s%s%s\n", coloured ? colour : "", text.c_str(), coloured ? "\033[0m" : "");
  std::fflush(stream_);  // progress is read as it happens, also through a pipe
}

void Screen::line(const std::string& text) const {
  print("", text);
}
void Screen::heading(const std::string& text) const {
  print("\033[1m", text);
}
void Screen::verdict(bool ok, const std::string& text) const {
  print(ok ? "\033[32m" : "\033[31m", (ok ? "ok: " : "NOT OK: ") + text);
}

}  // namespace dbha::demo
