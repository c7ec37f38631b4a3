#pragma once
/// What an application that is to be killed notes of its writes: a line before each, and one for its answer. A line is
/// one write(2), so that it is there whole or not at all whatever ends the process.

#include <cstdint>
#include <string>

namespace dbha::test {

/// The entries are numbered; a topic has some thirty of them, so that all partitions of a small cluster are met.
inline constexpr int noted_topics = 300;

struct Note {
  enum class What : char { begun = 'b', stored = 's', superseded = 'o', refused = 'r' };
  What what = What::begun;
  int entry = 0;
  bool removal = false;
  std::string token{};  ///< of this one write in all lives of all applications; the value, if it is none of removal
  std::uint64_t version = 0;  ///< of stored
  bool operator==(const Note&) const = default;
};

inline std::string line_of(const Note& note) {
  return std::string(1, static_cast<char>(note.what)) + ' ' + std::to_string(note.entry) + ' ' +
         (note.removal ? 'x' : 'd') + ' ' + note.token + ' ' + std::to_string(note.version) + '\n';
}

}  // namespace dbha::test
