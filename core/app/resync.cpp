#include <chrono>
#include <cstdio>
#include <set>
#include <thread>

#include "ask.hpp"
#include "exit_status.hpp"
#include "topology/json.hpp"
#include "topology/partitions_text.hpp"
#include "watch_line.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;

constexpr auto look_again = std::chrono::milliseconds(200);

std::optional<json> request_of(const ResyncQuestion& question) {
  json request = {{"request", "resync"}};
  if (!question.handler.empty()) request["handler"] = question.handler;
  if (question.partitions.empty()) return request;
  const auto partitions = partitions_from(question.partitions);
  if (!partitions) return std::nullopt;
  request["partitions"] = to_json(*partitions);
  return request;
}

void print(const json& answer) {
  for (const auto& event : answer.at("events"))
    std::printf("stored for %s: %s, partitions %s\n", event.at("handler").get<std::string>().c_str(),
                event.at("id").get<std::string>().c_str(), ranges_text(event.at("partitions")).c_str());
}

/// One of these handlers that has events pending, or nothing if none has; `reasons`: what was said of failures.
bool all_done(const json& status, const json& events, std::set<std::string>& reasons) {
  bool out = true;
  for (const auto& handler : status.at("controller").at("handlers")) {
    const auto name = handler.at("name").get<std::string>();
    const bool ours =
        std::any_of(events.begin(), events.end(), [&](const json& event) { return event.at("handler") == name; });
    if (!ours || handler.at("pending") == 0) continue;
    out = false;
    const auto reason = handler.at("reason").get<std::string>();
    if (!reason.empty() && reasons.insert(name + ": " + reason).second)
      std::fprintf(stderr, "dbha: %s has failed, and is tried again: %s\n", name.c_str(), reason.c_str());
  }
  return out;
}

/// Until these handlers have nothing pending: what comes meanwhile may have become one event with what was ordered.
int wait(const Question& process, const json& events) {
  std::set<std::string> reasons;
  while (true) {
    const auto status = ask(process, {{"request", "status"}});
    if (!status) return not_reached;
    if (all_done(*status, events, reasons)) return done;
    std::this_thread::sleep_for(look_again);
  }
}

}  // namespace

int resync(const ResyncQuestion& question) {
  const auto request = request_of(question);
  if (!request) {
    std::fprintf(stderr, "dbha: --partitions: expected A-B[,C-D...], found %s\n", question.partitions.c_str());
    return wrong_usage;
  }
  const auto answer = ask(question.process, *request);
  if (!answer) return not_reached;
  const bool stored = answer->value("resync", false);
  if (question.process.json) {
    std::printf("%s\n", answer->dump(2).c_str());
  } else {
    if (answer->contains("events")) print(*answer);
    const bool some = answer->contains("events") && !answer->at("events").empty();
    if (!stored)
      std::printf("%s: %s\n", some ? "not all stored" : "not stored",
                  answer->value("reason", answer->value("error", "?")).c_str());
  }
  std::fflush(stdout);
  if (!stored) return not_well;
  return question.wait ? wait(question.process, answer->at("events")) : done;
}

}  // namespace dbha::app
