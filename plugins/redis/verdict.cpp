#include "redis/verdict.hpp"

#include <array>
#include <utility>

namespace dbha::redis {
namespace {

using Entry = std::pair<std::string_view, ReplyAction>;
constexpr std::array<Entry, 9> actions{{{"MOVED", ReplyAction::moved},
                                        {"ASK", ReplyAction::ask},
                                        {"TRYAGAIN", ReplyAction::try_again},
                                        {"LOADING", ReplyAction::unavailable},
                                        {"MASTERDOWN", ReplyAction::unavailable},
                                        {"CLUSTERDOWN", ReplyAction::unavailable},
                                        {"READONLY", ReplyAction::read_only},
                                        {"NOAUTH", ReplyAction::log_in},
                                        {"ERR max number of clients", ReplyAction::no_room}}};

}  // namespace

ReplyAction classify(std::string_view error) {
  for (const auto& [word, action] : actions) {
    if (error.starts_with(word) && (error.size() == word.size() || error[word.size()] == ' ')) return action;
  }
  return ReplyAction::give_back;
}

bool refuses_command(const Value& reply) {
  const bool refused = reply.text.starts_with("NOPERM") || reply.text.starts_with("ERR unknown command");
  return reply.kind == Value::Kind::error && refused;
}

bool refuses_multi(const Value& reply) {
  const bool names_it =
      reply.text.find("'multi'") != std::string::npos || reply.text.find("'MULTI'") != std::string::npos;
  return refuses_command(reply) && names_it;
}

std::optional<HintKind> hint_of(CloseReason reason) {
  switch (reason) {
    case CloseReason::resolve:
    case CloseReason::refused:
    case CloseReason::no_room:
      return HintKind::refused;
    case CloseReason::timeout:
      return HintKind::silent;
    case CloseReason::lost:
    case CloseReason::protocol:
      return HintKind::connection_lost;
    case CloseReason::tls:
    case CloseReason::auth:
      break;
  }
  return std::nullopt;
}

std::optional<HintKind> hint_of(ReplyAction action) {
  switch (action) {
    case ReplyAction::moved:
      return HintKind::redirected;
    case ReplyAction::unavailable:
      return HintKind::unavailable;
    case ReplyAction::read_only:
      return HintKind::read_only;
    case ReplyAction::no_room:
      return HintKind::refused;
    case ReplyAction::ask:
    case ReplyAction::try_again:
    case ReplyAction::log_in:
    case ReplyAction::give_back:
      break;
  }
  return std::nullopt;
}

}  // namespace dbha::redis
