#pragma once
/// Whether the database holds what was accepted: a pure judgement over notes and contents, without a line of what it
/// judges.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "notes.hpp"

namespace dbha::test {

/// What is held under an entry's name.
struct Held {
  std::uint64_t version = 0;
  bool removed = false;
  std::string value{};
  bool operator==(const Held&) const = default;
};
using Contents = std::map<int, Held>;  ///< by the entry's number

struct Verdict {
  std::size_t entries = 0;  ///< of which something was accepted
  std::size_t missing = 0;  ///< nothing is there
  std::size_t older = 0;
  std::size_t resurrected = 0;  ///< older, and it was removed
  std::size_t strange = 0;      ///< nobody wrote that, or it was refused
  std::vector<std::string> examples{};

  std::size_t lost() const { return missing + older + resurrected; }
  bool clean() const { return lost() + strange == 0; }
  std::string text() const;
};

/// The lines of a file of notes. The last one may be cut short: then it is none.
std::vector<Note> read_notes(const std::string& text);

/// Of each entry the accepted write with the highest version must be there, or one that has not been answered: its
/// author died before.
Verdict judge(const std::vector<Note>& notes, const Contents& contents);

}  // namespace dbha::test
