#include "demo/topology_questions.hpp"

#include "demo/configuration.hpp"

namespace dbha::demo {

void RefusedCommands::keep(std::size_t node) {
  kept_ += cluster_.acl_log_count(controller_user, node);
}

long long RefusedCommands::count(const std::vector<std::string>&) {
  return kept_ + cluster_.acl_log_count(controller_user);
}

long long CountedQuestions::count(const std::vector<std::string>& controllers) {
  long long out = 0;
  for (const auto& name : controllers) out += cluster_.topology_questions_of(name);
  return out;
}

}  // namespace dbha::demo
