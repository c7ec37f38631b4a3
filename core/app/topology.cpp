#include <cstdio>

#include "ask.hpp"
#include "exit_status.hpp"
#include "topology_table.hpp"

namespace dbha::app {

int topology(const Question& question) {
  const auto answer = ask(question, {{"request", "topology"}});
  if (!answer) return not_reached;
  const bool known = !answer->contains("error");
  const bool covered = known && answer->at("covered") == answer->at("partitions");
  if (question.json) {
    std::printf("%s\n", answer->dump(2).c_str());
  } else if (known) {
    print_topology(*answer);
  } else {
    std::printf("%s\n", answer->at("error").get<std::string>().c_str());
  }
  return covered ? done : not_well;
}

}  // namespace dbha::app
