#include <cstdio>
#include <optional>

#include "comparison.hpp"
#include "end_request.hpp"
#include "exit_status.hpp"
#include "progress_bar.hpp"
#include "table.hpp"
#include "topology/json.hpp"
#include "topology/partitions_text.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;

std::optional<json> request_of(const VerifyQuestion& question) {
  json request = {{"request", "verify"}, {"limit", question.limit}};
  if (!question.handler.empty()) request["handler"] = question.handler;
  if (!question.table.empty()) request["table"] = question.table;
  if (question.partitions.empty()) return request;
  const auto partitions = partitions_from(question.partitions);
  if (!partitions) return std::nullopt;
  request["partitions"] = to_json(*partitions);
  return request;
}

void show(ProgressBar& bar, const json& state) {
  const auto& progress = state.at("progress");
  bar.show(state.at("handler").get<std::string>() + ": " + progress.at("doing").get<std::string>(), progress.at("done"),
           progress.at("total"));
}

std::string version_text(const json& version) {
  return version.is_null() ? "none" : version.dump();
}

/// Names may be any bytes: as a JSON text they are readable, and one line.
std::string name_text(const json& name) {
  return name.dump(-1, ' ', false, json::error_handler_t::replace);
}

void print_examples(const json& handler) {
  for (const auto& example : handler.at("examples"))
    std::printf("%s: %s %s %s, partition %s: version %s here, %s in the database\n",
                example.at("kind").get<std::string>().c_str(), name_text(example.at("table")).c_str(),
                name_text(example.at("topic")).c_str(), name_text(example.at("key")).c_str(),
                example.at("partition").dump().c_str(), version_text(example.at("here")).c_str(),
                version_text(example.at("in_database")).c_str());
}

void print_tables(const json& result) {
  std::vector<std::string> heading = {"handler", "table"};
  heading.insert(heading.end(), compared_counts.begin(), compared_counts.end());
  Table table(heading);
  for (const auto& handler : result.at("handlers"))
    for (const auto& each : handler.at("tables")) {
      std::vector<std::string> row = {handler.at("handler"), each.at("table")};
      for (const char* count : compared_counts) row.push_back(each.at(count).dump());
      table.add(std::move(row));
    }
  table.print();
}

/// What of it a reader must not miss.
void print_verdict(const json& result) {
  for (const auto& handler : result.at("handlers")) {
    const auto name = handler.at("handler").get<std::string>();
    if (const auto pending = handler.at("pending").get<std::size_t>(); pending > 0)
      std::printf("%s has not finished %zu of its events: what differs may be about to be written\n", name.c_str(),
                  pending);
    if (const auto failure = handler.at("failure").get<std::string>(); !failure.empty())
      std::printf("%s: not all could be compared: %s\n", name.c_str(), failure.c_str());
  }
  std::string found;
  for (const char* kind : difference_kinds)
    if (result.at(kind) != 0) found += (found.empty() ? "" : ", ") + result.at(kind).dump() + ' ' + kind;
  if (!found.empty()) std::printf("%s\n", found.c_str());
  if (found.empty() && result.at("complete").get<bool>()) std::printf("nothing differs\n");
}

int report(const VerifyQuestion& question, const json& result) {
  if (question.process.json) {
    std::printf("%s\n", result.dump(2, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    print_tables(result);
    for (const auto& handler : result.at("handlers")) print_examples(handler);
    print_verdict(result);
  }
  if (!result.at("complete").get<bool>()) return not_compared;
  return result.at("differs").get<bool>() ? not_well : done;
}

int refused(const VerifyQuestion& question, const json& answer) {
  if (question.process.json) std::printf("%s\n", answer.dump(2).c_str());
  std::fprintf(stderr, "dbha: not compared: %s\n", answer.value("reason", answer.value("error", "?")).c_str());
  return answer.value("usage", false) ? wrong_usage : not_compared;
}

}  // namespace

int verify(const VerifyQuestion& question) {
  const auto request = request_of(question);
  if (!request) {
    std::fprintf(stderr, "dbha: --partitions: expected A-B[,C-D...], found %s\n", question.partitions.c_str());
    return wrong_usage;
  }
  const EndRequest end;
  ProgressBar bar;
  const auto answer = compared(question.process, *request, [&](const json& state) {
    if (!state.is_null()) show(bar, state);
    return !end.made();
  });
  bar.clear();
  if (end.made()) return interrupted;
  if (!answer) return not_reached;
  return answer->value("done", false) ? report(question, *answer) : refused(question, *answer);
}

}  // namespace dbha::app
