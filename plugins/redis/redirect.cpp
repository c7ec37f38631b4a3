#include "redis/redirect.hpp"

#include "redis/slot.hpp"
#include "redis/text_fields.hpp"

namespace dbha::redis {

Parsed<Redirect> parse_redirect(std::string_view error, const Endpoint& answering) {
  std::string_view rest = error;
  take_word(rest);  // MOVED or ASK
  const auto slot = number<std::uint32_t>(take_word(rest));
  const auto address = take_word(rest);
  const auto colon = address.rfind(':');  // the last one: an IPv6 address has more of them
  if (!slot || *slot >= slots) return Violation{"a redirect without a slot below 16384: " + shown(error)};
  if (colon == std::string_view::npos || !take_word(rest).empty()) {
    return Violation{"a redirect without one host:port: " + shown(error)};
  }
  const auto port = number<std::uint16_t>(address.substr(colon + 1));
  if (!port || *port == 0) return Violation{"a redirect to a bad port: " + shown(error)};
  auto host = address.substr(0, colon);
  if (host.empty() || host == "?") host = answering.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!is_host(host)) return Violation{"a redirect to a bad host: " + shown(error)};
  return Redirect{{*slot}, {std::string(host), *port}};
}

}  // namespace dbha::redis
