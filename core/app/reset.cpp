#include <cstdio>
#include <iostream>

#include <unistd.h>

#include "ask.hpp"
#include "exit_status.hpp"

namespace dbha::app {
namespace {

/// Nobody should overrule owners that serve because of a slip in a line of history.
bool confirmed() {
  std::fprintf(stderr,
               "What a majority of the primaries names now will be published under a new generation, also where the\n"
               "published owners serve: what they have acknowledged may be lost, and the handlers of the partitions\n"
               "concerned are told dbrestart. Go on? Type yes: ");
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

}  // namespace

int reset(const ResetQuestion& question) {
  if (!question.yes && isatty(STDIN_FILENO) == 0) {
    std::fprintf(stderr, "dbha: reset asks before it overrules, but standard input is no terminal: say --yes\n");
    return wrong_usage;
  }
  if (!question.yes && !confirmed()) {
    std::fprintf(stderr, "dbha: nothing was done\n");
    return not_well;
  }
  const auto answer = ask(question.process, {{"request", "reset"}});
  if (!answer) return not_reached;
  const bool was_reset = answer->value("reset", false);
  if (question.process.json) {
    std::printf("%s\n", answer->dump(2).c_str());
  } else if (was_reset) {
    std::printf("published %s\n", answer->at("version").get<std::string>().c_str());
  } else {
    std::printf("not reset: %s\n", answer->value("reason", answer->value("error", "no reason was given")).c_str());
  }
  return was_reset ? done : not_well;
}

}  // namespace dbha::app
