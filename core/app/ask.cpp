#include "ask.hpp"

#include <cstdio>

#include <dbha_bus/admin.hpp>

#include "config/config.hpp"

namespace dbha::app {
namespace {

constexpr Duration patience = std::chrono::seconds(3);

}  // namespace

std::string endpoint_of(const Question& question) {
  if (!question.connect.empty()) return question.connect;
  const Config config = load_config(question.config);
  if (config.admin_endpoint.empty())
    throw ConfigError(question.config.string() +
                      ": [admin] endpoint: expected one to ask the process by, but the file has none");
  return config.admin_endpoint;
}

std::optional<nlohmann::json> ask(const Question& question, const nlohmann::json& request) {
  const std::string endpoint = endpoint_of(question);
  const auto text =
      bus::admin_request(endpoint, request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), patience);
  if (!text) {
    std::fprintf(stderr, "dbha: nobody answers at %s: is the process running, and may you open that file?\n",
                 endpoint.c_str());
    return std::nullopt;
  }
  auto answer = nlohmann::json::parse(*text, nullptr, false);
  if (answer.is_object()) return answer;
  std::fprintf(stderr, "dbha: %s answers, but not as dbha does\n", endpoint.c_str());
  return std::nullopt;
}

}  // namespace dbha::app
