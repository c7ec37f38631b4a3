#include "model/command_words.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dbha::memory {
namespace {

struct Word {
  std::string_view name;
  std::size_t least;  // words, the command's own included
  std::size_t most;
  bool writes;
};

constexpr std::size_t any = SIZE_MAX;
constexpr std::array<Word, 13> words{{{"PING", 1, 2, false},
                                      {"GET", 2, 2, false},
                                      {"SET", 3, 3, true},
                                      {"DEL", 2, any, true},
                                      {"INCR", 2, 2, true},
                                      {"EXISTS", 2, any, false},
                                      {"PUBLISH", 3, 3, false},
                                      {"VGET", 2, 2, false},
                                      {"VPUT", 4, 4, true},
                                      {"VCREATE", 4, 4, true},
                                      {"VREMOVE", 3, 3, true},
                                      {"VNUMBER", 3, 3, true},
                                      {"VSCAN", 6, 6, false}}};

const Word* find(const std::vector<std::string>& args) {
  if (args.empty()) return nullptr;
  const auto at = std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.name == args.front(); });
  return at != words.end() ? &*at : nullptr;
}

}  // namespace

std::optional<std::string> refusal(const std::vector<std::string>& args) {
  const Word* word = find(args);
  if (!word)
    return "ERR unknown command '" + (args.empty() ? "" : args.front()) +
           "'; this database knows PING, GET, SET, DEL, INCR, EXISTS, PUBLISH and, of entries with versions, "
           "VGET, VPUT, VCREATE, VREMOVE, VNUMBER and VSCAN";
  if (args.size() < word->least || args.size() > word->most)
    return "ERR wrong number of arguments for '" + args.front() + "' command";
  return std::nullopt;
}

bool may_write(const std::vector<std::string>& args) {
  const Word* word = find(args);
  return word && word->writes;
}

}  // namespace dbha::memory
