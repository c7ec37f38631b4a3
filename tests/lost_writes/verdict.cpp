#include "lost_writes/verdict.hpp"

#include <optional>
#include <set>
#include <sstream>

namespace dbha::test {
namespace {

constexpr std::size_t most_examples = 5;

struct History {
  std::optional<Note> last;          ///< of what was accepted, by version
  std::set<std::string> unanswered;  ///< puts, by token
  std::size_t unanswered_removals = 0;
};

std::map<int, History> histories(const std::vector<Note>& notes) {
  std::map<int, History> out;
  std::set<std::string> answered;
  for (const auto& note : notes)
    if (note.what != Note::What::begun) answered.insert(note.token);
  for (const auto& note : notes) {
    History& history = out[note.entry];
    if (note.what == Note::What::stored && (!history.last || note.version > history.last->version)) history.last = note;
    if (note.what != Note::What::begun || answered.contains(note.token)) continue;
    if (note.removal) {
      ++history.unanswered_removals;
    } else {
      history.unanswered.insert(note.token);
    }
  }
  return out;
}

bool same(const Note& note, const Held& held) {
  return note.removal == held.removed && (held.removed || note.token == held.value);
}

bool may_be_unanswered(const History& history, const Held& held) {
  return held.removed ? history.unanswered_removals > 0 : history.unanswered.contains(held.value);
}

std::string text_of(const Held& held) {
  return (held.removed ? "a removal" : "value " + held.value) + " at version " + std::to_string(held.version);
}

class Judge {
 public:
  Verdict verdict;

  void look(int entry, const History& history, const Held* held) {
    if (history.last) ++verdict.entries;
    if (history.last && !held) return count(verdict.missing, "missing", entry, history, held);
    if (!held) return;
    if (!history.last || held->version > history.last->version) {
      if (!may_be_unanswered(history, *held)) count(verdict.strange, "strange", entry, history, held);
    } else if (held->version < history.last->version) {
      const bool back = history.last->removal && !held->removed;
      count(back ? verdict.resurrected : verdict.older, back ? "resurrected" : "older", entry, history, held);
    } else if (!same(*history.last, *held)) {
      count(verdict.strange, "strange", entry, history, held);
    }
  }

 private:
  void count(std::size_t& counter, const std::string& what, int entry, const History& history, const Held* held) {
    ++counter;
    if (verdict.examples.size() >= most_examples) return;
    const auto& last = history.last;
    verdict.examples.push_back(what + ": entry " + std::to_string(entry) + ", accepted was " +
                               (last ? text_of({last->version, last->removal, last->token}) : "nothing") +
                               ", there is " + (held ? text_of(*held) : "nothing"));
  }
};

}  // namespace

std::string Verdict::text() const {
  std::string out = std::to_string(entries) + " entries, " + std::to_string(missing) + " missing, " +
                    std::to_string(older) + " older, " + std::to_string(resurrected) + " resurrected, " +
                    std::to_string(strange) + " strange";
  for (const auto& example : examples) out += "\n  " + example;
  return out;
}

std::vector<Note> read_notes(const std::string& text) {
  std::vector<Note> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && !lines.eof();) {
    std::istringstream words(line);
    char what = 0, kind = 0;
    Note note;
    if (!(words >> what >> note.entry >> kind >> note.token >> note.version)) continue;
    note.what = static_cast<Note::What>(what);
    note.removal = kind == 'x';
    out.push_back(std::move(note));
  }
  return out;
}

Verdict judge(const std::vector<Note>& notes, const Contents& contents) {
  Judge judge;
  auto all = histories(notes);
  for (const auto& [entry, held] : contents) all[entry];  // of which nothing was noted
  for (const auto& [entry, history] : all) {
    const auto at = contents.find(entry);
    judge.look(entry, history, at == contents.end() ? nullptr : &at->second);
  }
  return judge.verdict;
}

}  // namespace dbha::test
