#include "history_text.hpp"

#include "watch_line.hpp"

namespace dbha::app {

std::string history_text(const nlohmann::json& entry) {
  return watch_line(entry);
}

}  // namespace dbha::app
