#include "comparison.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "ask.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;

constexpr auto look_again = std::chrono::milliseconds(50);

json with_sums(json result) {
  for (const char* count : compared_counts) result[count] = std::uint64_t{0};
  bool complete = true;
  for (const auto& handler : result.at("handlers")) {
    complete = complete && handler.at("failure") == "";
    for (const auto& table : handler.at("tables"))
      for (const char* count : compared_counts)
        result[count] = result.at(count).get<std::uint64_t>() + table.at(count).get<std::uint64_t>();
  }
  result["complete"] = complete;
  result["differs"] = std::any_of(difference_kinds.begin(), difference_kinds.end(),
                                  [&](const char* kind) { return result.at(kind) != 0; });
  return result;
}

}  // namespace

std::optional<json> compared(const Question& process, const json& request,
                             const std::function<bool(const json& state)>& go_on) {
  const auto begun = ask(process, request);
  if (!begun || begun->value("verify", json()).is_null()) return begun;
  const auto& id = begun->at("verify");
  while (true) {
    const auto state = ask(process, {{"request", "verify_state"}, {"verify", id}});
    if (state && state->value("done", false)) return with_sums(*state);
    if (state && !state->contains("progress")) return state;
    const bool wanted = go_on(state.value_or(json()));
    if (!wanted) ask(process, {{"request", "verify_stop"}, {"verify", id}});
    if (!wanted || !state) return state;
    std::this_thread::sleep_for(look_again);
  }
}

}  // namespace dbha::app
