#include "config/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace dbha {
namespace {

/// sockaddr_un::sun_path holds 108 bytes with its final zero; ZeroMQ says only "File name too long", and not which.
constexpr std::size_t longest_ipc_path = 107;

std::optional<std::string_view> without(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

bool valid_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && rest == text.data() + text.size() && port != 0;
}

/// A name, an IPv4 address or an IPv6 address in brackets.
bool valid_host(std::string_view host, EndpointUse use) {
  if (host == "*") return use == EndpointUse::bind;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return word || c == '.' || c == '-' || c == '_' || (bracketed && (c == ':' || c == '%'));
  });
}

bool valid_tcp(std::string_view address, EndpointUse use) {
  const std::size_t colon = address.rfind(':');
  return use != EndpointUse::local && colon != std::string_view::npos && valid_host(address.substr(0, colon), use) &&
         valid_port(address.substr(colon + 1));
}

/// "@name" is an abstract socket: no file, so no mode that could guard it.
bool valid_ipc(std::string_view path, EndpointUse use) {
  if (path.empty() || path.size() > longest_ipc_path || path.find('\0') != std::string_view::npos) return false;
  return use != EndpointUse::local || path.front() != '@';
}

}  // namespace

bool valid_endpoint(std::string_view endpoint, EndpointUse use) {
  if (const auto address = without("tcp://", endpoint)) return valid_tcp(*address, use);
  if (const auto path = without("ipc://", endpoint)) return valid_ipc(*path, use);
  return false;
}

std::string expected_endpoint(EndpointUse use) {
  switch (use) {
    case EndpointUse::bind:
      return "tcp://HOST:PORT, tcp://*:PORT or ipc://PATH";
    case EndpointUse::connect:
      return "tcp://HOST:PORT or ipc://PATH";
    case EndpointUse::local:
      break;
  }
  return "ipc://PATH, PATH being a file of at most " + std::to_string(longest_ipc_path) + " bytes";
}

}  // namespace dbha
