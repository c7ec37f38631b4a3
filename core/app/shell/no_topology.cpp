#include "shell/no_topology.hpp"

namespace dbha::shell {
namespace {

/// "Connection refused" stands behind a colon here; "LOADING" is a word of the database.
std::string in_a_sentence(std::string text) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (text.size() > 1 && upper(text[0]) && !upper(text[1])) text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

/// A detector's reason may begin with the node, as it stands there among other nodes' reasons.
std::string seed_text(const std::string& endpoint, std::string trouble, const std::string& without_trouble) {
  if (trouble.empty()) trouble = "answers, but " + without_trouble;
  if (trouble.starts_with(endpoint + ' ')) trouble.erase(0, endpoint.size() + 1);
  return endpoint + ": " + in_a_sentence(std::move(trouble));
}

}  // namespace

std::string why_no_topology(const nlohmann::json& status) {
  if (!status.contains("detector")) return status.at("controller").at("waiting_for").get<std::string>();
  const auto& detector = status.at("detector");
  const auto reason = detector.at("reason").get<std::string>();
  std::string out;
  for (const auto& seed : detector.at("seeds"))
    out += (out.empty() ? "" : "; ") + seed_text(seed.at("endpoint").get<std::string>(),
                                                 seed.at("trouble").get<std::string>(),
                                                 reason.empty() ? "its topology has not been applied yet" : reason);
  return out;
}

}  // namespace dbha::shell
