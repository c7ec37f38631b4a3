#pragma once
/// Endpoints as they stand in a configuration: tcp://HOST:PORT or ipc://PATH.

#include <memory>
#include <string>

#include <zmq.hpp>

#include "unix_listener.hpp"

namespace dbha::bus {

/// Throws StartError with the text and what was expected. Only an endpoint to bind may have the port `*`.
void check_connect_endpoint(const std::string& endpoint);
void check_bind_endpoint(const std::string& endpoint);

/// The path of ipc://PATH. Throws StartError for anything else.
std::string ipc_path(const std::string& endpoint);

/// An endpoint that a socket is bound to.
struct Bound {
  std::string endpoint;                ///< with the port that the system chose
  std::unique_ptr<UnixListener> file;  ///< of an ipc:// endpoint; destroy it before the socket
};

/// Throws StartError with the endpoint, the reason and what to do. `mode` is for the file of an ipc:// endpoint.
Bound bind_endpoint(zmq::socket_t& socket, const std::string& endpoint, std::optional<mode_t> mode = {});

/// What check_connect_endpoint allows.
void connect_endpoint(zmq::socket_t& socket, const std::string& endpoint);

}  // namespace dbha::bus
