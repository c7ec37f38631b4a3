#pragma once

#include <cstdio>
#include <string>

namespace dbha::demo {

/// Where a person reads what happens: standard output, or standard error when standard output is for a program. Colours
/// only on a terminal, and not with NO_COLOR (no-color.org).
class Screen {
 public:
  explicit Screen(bool json);

  void line(const std::string& text) const;
  void heading(const std::string& text) const;
  void verdict(bool ok, const std::string& text) const;

 private:
  void print(const char* colour, const std::string& text) const;

  std::FILE* stream_;
  bool colours_;
};

}  // namespace dbha::demo
