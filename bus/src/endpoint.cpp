#include "endpoint.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include <dbha/error.hpp>

namespace dbha::bus {
namespace {

constexpr std::string_view tcp = "tcp://";
constexpr std::string_view ipc = "ipc://";

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

/// Nothing if it is an endpoint.
std::string fault_of(std::string_view endpoint, bool to_bind) {
  if (endpoint.starts_with(ipc)) return endpoint.size() == ipc.size() ? "no path" : "";
  if (!endpoint.starts_with(tcp)) return "expected tcp://HOST:PORT or ipc://PATH";
  const auto address = endpoint.substr(tcp.size());
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return "expected tcp://HOST:PORT";
  const auto host = address.substr(0, colon);
  const auto port = address.substr(colon + 1);
  if (host.find_first_of(" ;/") != std::string_view::npos) return "no such thing as this host";
  if (host.find(':') != std::string_view::npos && !(host.front() == '[' && host.back() == ']'))
    return "an IPv6 address stands in brackets: tcp://[ADDRESS]:PORT";
  if (!to_bind && host == "*") return "cannot connect to *; name the host";
  if (to_bind && port == "*") return "";
  return is_port(port) ? "" : "port " + std::string(port) + ", expected 1 to 65535";
}

void check(const std::string& endpoint, bool to_bind) {
  const auto fault = fault_of(endpoint, to_bind);
  if (!fault.empty()) throw StartError('"' + endpoint + "\" is no endpoint: " + fault);
}

const char* advice_for(int error) {
  switch (error) {
    case EADDRINUSE:
      return "; is another detector running here? Stop it or choose another port";
    case EADDRNOTAVAIL:
    case ENODEV:
      return "; bind an address of this machine, or * for all";
    case EACCES:
    case EPERM:
      return "; ports below 1024 need a privilege, choose another one";
    default:
      return "";
  }
}

/// IPv6 sockets name IPv4 peers in a form that no operator would type.
std::string without_mapping(std::string endpoint) {
  constexpr std::string_view mapped = "tcp://[::ffff:";
  if (!endpoint.starts_with(mapped)) return endpoint;
  endpoint.erase(tcp.size(), mapped.size() - tcp.size());
  endpoint.erase(endpoint.find(']'), 1);
  return endpoint;
}

}  // namespace

void check_connect_endpoint(const std::string& endpoint) {
  check(endpoint, false);
}
void check_bind_endpoint(const std::string& endpoint) {
  check(endpoint, true);
}

std::string ipc_path(const std::string& endpoint) {
  check(endpoint, true);
  if (!endpoint.starts_with(ipc)) throw StartError('"' + endpoint + "\": expected ipc://PATH");
  return endpoint.substr(ipc.size());
}

Bound bind_endpoint(zmq::socket_t& socket, const std::string& endpoint, std::optional<mode_t> mode) {
  check_bind_endpoint(endpoint);
  Bound bound;
  if (endpoint.starts_with(ipc)) {
    bound.file = std::make_unique<UnixListener>(ipc_path(endpoint), mode);
    socket.set(zmq::sockopt::use_fd, bound.file->release());
  }
  try {
    socket.bind(endpoint);
  } catch (const zmq::error_t& e) {
    throw StartError("cannot listen on " + endpoint + ": " + e.what() + advice_for(e.num()));
  }
  bound.endpoint = without_mapping(socket.get(zmq::sockopt::last_endpoint));
  return bound;
}

void connect_endpoint(zmq::socket_t& socket, const std::string& endpoint) {
  check_connect_endpoint(endpoint);
  try {
    socket.connect(endpoint);
  } catch (const zmq::error_t& e) {
    throw StartError("cannot connect to " + endpoint + ": " + e.what());
  }
}

}  // namespace dbha::bus
