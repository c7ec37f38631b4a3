#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <thread>
#include <vector>

#include "ask.hpp"
#include "end_request.hpp"
#include "exit_status.hpp"
#include "progress_bar.hpp"
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

/// Those of the status that have events pending, of these.
std::vector<json> unfinished(const json& status, const json& events) {
  std::vector<json> out;
  for (const auto& handler : status.at("controller").at("handlers")) {
    const bool ours = std::any_of(events.begin(), events.end(),
                                  [&](const json& event) { return event.at("handler") == handler.at("name"); });
    if (ours && handler.at("pending") != 0) out.push_back(handler);
  }
  return out;
}

/// What was not said of failures before.
std::vector<std::string> new_failures(const std::vector<json>& handlers, std::set<std::string>& said) {
  std::vector<std::string> out;
  for (const auto& handler : handlers) {
    const auto name = handler.at("name").get<std::string>(), reason = handler.at("reason").get<std::string>();
    if (!reason.empty() && said.insert(name + ": " + reason).second)
      out.push_back(name + " has failed, and is tried again: " + reason);
  }
  return out;
}

/// How far the first of these handlers is that says it.
void show(ProgressBar& bar, const json& status, const json& events) {
  for (const auto& event : events)
    for (const auto& handler : status.at("consistency")) {
      if (handler.at("name") != event.at("handler") || !handler.contains("progress")) continue;
      const auto& progress = handler.at("progress");
      return bar.show(handler.at("name").get<std::string>() + ": " + progress.at("doing").get<std::string>(),
                      progress.at("done"), progress.at("total"));
    }
  bar.clear();
}

/// Until these handlers have nothing pending: what comes meanwhile may have become one event with what was ordered.
int wait(const Question& process, const json& events) {
  const EndRequest end;
  ProgressBar bar(ProgressBar::Elsewhere::lines);
  std::set<std::string> said;
  while (!end.made()) {
    const auto status = ask(process, {{"request", "status"}});
    if (end.made()) break;
    if (!status) return not_reached;
    const auto handlers = unfinished(*status, events);
    const auto failed = new_failures(handlers, said);
    if (!failed.empty()) bar.clear();
    for (const auto& text : failed) std::fprintf(stderr, "dbha: %s\n", text.c_str());
    if (handlers.empty()) return done;
    show(bar, *status, events);
    std::this_thread::sleep_for(look_again);
  }
  bar.clear();
  std::fprintf(stderr, "dbha: no longer waited for; the resync goes on in the process\n");
  return interrupted;
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
