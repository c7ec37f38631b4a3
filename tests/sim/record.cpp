#include "record.hpp"

#include <algorithm>
#include <cstdio>

namespace dbha::sim {

std::string Record::stamp(TimePoint at) const {
  char text[32];
  std::snprintf(text, sizeof text, "%9.4f", std::chrono::duration<double>(at - began_).count());
  return text;
}

void Record::add_late(TimePoint at, std::string_view who, const std::string& text) {
  if (!verbose_) return;
  const std::string line = line_of(at, who, text);
  const auto later = [](const std::string& a, const std::string& b) { return a.compare(0, 9, b, 0, 9) < 0; };
  lines_.insert(std::upper_bound(lines_.begin(), lines_.end(), line, later), line);
}

std::string Record::line_of(TimePoint at, std::string_view who, const std::string& text) const {
  return stamp(at) + "  " + std::string(who) + std::string(who.size() < 9 ? 9 - who.size() : 1, ' ') + text;
}

void Record::keep(std::string_view who, const std::string& text) {
  lines_.push_back(line_of(clock_.now(), who, text));
}

}  // namespace dbha::sim
