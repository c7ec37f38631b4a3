#include <cstdio>

#include "ask.hpp"
#include "exit_status.hpp"
#include "table.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;

std::string text(const json& j, const char* key) {
  const auto it = j.find(key);
  if (it == j.end() || it->is_null()) return "-";
  if (!it->is_string()) return it->dump();
  return it->get<std::string>().empty() ? "-" : it->get<std::string>();
}

/// Short, and exact where it matters: a controller that lags is of interest after milliseconds.
std::string age_text(std::int64_t ms) {
  if (ms < 10'000) return std::to_string(ms) + " ms";
  if (ms < 600'000) return std::to_string(ms / 1000) + " s";
  if (ms < 36'000'000) return std::to_string(ms / 60'000) + " min";
  return std::to_string(ms / 3'600'000) + " h";
}

/// "redirected 12 (11 coalesced), silent 3"
std::string hints_text(const json& hints) {
  std::string out;
  for (const auto& [kind, counts] : hints.items()) {
    out += (out.empty() ? "" : ", ") + kind + ' ' + text(counts, "received");
    std::string less;
    for (const char* why : {"coalesced", "limited"})
      if (counts.at(why) != 0) less += (less.empty() ? "" : ", ") + text(counts, why) + ' ' + why;
    if (!less.empty()) out += " (" + less + ')';
  }
  return out.empty() ? "none" : out;
}

void print_detector(const json& detector) {
  std::printf("\ndetector    %s%s\n", text(detector, "status").c_str(),
              detector.at("reason").get<std::string>().empty() ? "" : (" (" + text(detector, "reason") + ")").c_str());
  std::printf("  version   %s\n  publish   %s\n  control   %s\n", text(detector, "version").c_str(),
              text(detector, "publish").c_str(), text(detector, "control").c_str());
  for (const auto& peer : detector.at("peers"))
    std::printf("  peer      %s: %s, %s, heard %s ago\n", text(peer, "name").c_str(),
                peer.at("live").get<bool>() ? text(peer, "status").c_str() : "SILENT", text(peer, "version").c_str(),
                age_text(peer.at("heard_ms").get<std::int64_t>()).c_str());
  for (const auto& signal : detector.at("forbidden"))
    std::printf("  forbidden %s at %s and %zu more: ACL SETUSER <user> %s allows it\n", text(signal, "signal").c_str(),
                text(signal, "first").c_str(), signal.at("nodes").get<std::size_t>() - 1, text(signal, "acl").c_str());
  const auto& controllers = detector.at("controllers");
  std::printf("  hints     %s\n", hints_text(detector.at("hints")).c_str());
  std::printf("  current   %s of %zu controllers\n", text(detector, "current_controllers").c_str(), controllers.size());
  if (controllers.empty()) return;
  Table table({"  controller", "applied", "current", "for", "pending"});
  for (const auto& c : controllers)
    table.add({"  " + text(c, "name"), text(c, "applied"), c.at("current").get<bool>() ? "yes" : "LAGS",
               age_text(c.at("for_ms").get<std::int64_t>()), text(c, "pending")});
  table.print();
}

/// "running for 3 s", "failed 2 times, again in 800 ms: exit status 1"
std::string handler_text(const json& handler) {
  auto out = text(handler, "state");
  if (out == "running") out += " for " + age_text(handler.at("running_ms").get<std::int64_t>());
  if (out == "waiting") out += ": begins in " + age_text(handler.at("begins_in_ms").get<std::int64_t>());
  if (handler.at("slow").get<bool>()) out += ", SLOW";
  if (handler.at("failures") == 0) return out;
  out +=
      out == "failed" ? ' ' + text(handler, "failures") + " times" : ", failed " + text(handler, "failures") + " times";
  if (!handler.at("again_in_ms").is_null())
    out += ", again in " + age_text(handler.at("again_in_ms").get<std::int64_t>());
  return out + ": " + text(handler, "reason");
}

void print_handlers(const json& handlers) {
  Table table({"  handler", "pending", "event", "state"});
  for (const auto& handler : handlers)
    table.add({"  " + text(handler, "name"), text(handler, "pending"), text(handler, "event"), handler_text(handler)});
  table.print();
}

void print_controller(const json& controller) {
  std::printf("\ncontroller  %s\n", controller.at("stale").get<bool>() ? "stale"
                                    : controller.at("version") == ""   ? "waiting"
                                                                       : "ok");
  std::printf("  version   %s\n  covered   %s of %s partitions\n  view age  %s ms\n  pending   %s events\n",
              text(controller, "version").c_str(), text(controller, "covered").c_str(),
              text(controller, "partitions").c_str(), text(controller, "view_age_ms").c_str(),
              text(controller, "pending").c_str());
  print_handlers(controller.at("handlers"));
  for (const auto& handler : controller.at("handlers"))
    if (const auto held = handler.at("held").get<std::string>(); !held.empty())
      std::printf("  held      %s: a dbrestart for %s until its hold-down ends\n", text(handler, "name").c_str(),
                  held.c_str());
  for (const auto& detector : controller.at("detectors"))
    std::printf("  hears     %s: %s, %s\n", text(detector, "name").c_str(), text(detector, "status").c_str(),
                text(detector, "version").c_str());
}

}  // namespace

int status(const Question& question) {
  const auto answer = ask(question, {{"request", "status"}});
  if (!answer) return not_reached;
  const auto& problems = answer->at("problems");
  const int result = problems.empty() ? done : not_well;
  if (question.json) {
    std::printf("%s\n", answer->dump(2).c_str());
    return result;
  }
  std::printf("%s of cluster %s, pid %s: %s\n", text(*answer, "name").c_str(), text(*answer, "cluster").c_str(),
              text(*answer, "pid").c_str(),
              problems.empty() ? "all is well" : problems.at(0).get<std::string>().c_str());
  for (std::size_t i = 1; i < problems.size(); ++i) std::printf("  also: %s\n", problems[i].get<std::string>().c_str());
  if (answer->contains("detector")) print_detector(answer->at("detector"));
  if (answer->contains("controller")) print_controller(answer->at("controller"));
  return result;
}

}  // namespace dbha::app
