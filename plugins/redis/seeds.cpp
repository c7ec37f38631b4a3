#include "redis/seeds.hpp"

#include <algorithm>
#include <optional>

#include <dbha/error.hpp>

#include "redis/parsed.hpp"
#include "redis/text_fields.hpp"

namespace dbha::redis {
namespace {

/// A colon in a host needs brackets, so that "::1:7000" cannot be read as two things.
std::optional<Endpoint> parse_seed(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool ipv6 = host.find(':') != std::string_view::npos;
  if (!port || *port == 0 || !is_host(host) || bracketed != ipv6) return std::nullopt;
  return Endpoint{std::string{host}, *port};
}

}  // namespace

std::vector<Endpoint> read_seeds(const Options& options) {
  std::vector<Endpoint> seeds;
  for (const auto& text : options.text_list("seeds")) {
    auto seed = parse_seed(text);
    if (!seed)
      throw ConfigError(options.where("seeds") + R"(: expected "host:port" or "[ipv6]:port", found )" + shown(text));
    if (std::find(seeds.begin(), seeds.end(), *seed) == seeds.end()) seeds.push_back(std::move(*seed));
  }
  if (seeds.empty())
    throw ConfigError(options.where("seeds") + ": expected at least one node of the cluster, found an empty list");
  return seeds;
}

}  // namespace dbha::redis
