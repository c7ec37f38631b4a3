#pragma once
/// The endpoints of a configuration. Core opens none of them; it refuses those that cannot work, with their place in
/// the file, before anything is started.

#include <string>
#include <string_view>

namespace dbha {

enum class EndpointUse {
  bind,     ///< a detector's: tcp://, on all interfaces too, or ipc://
  connect,  ///< of somebody else's detector: tcp:// or ipc://
  local,    ///< for this machine only, guarded by the file's mode: ipc:// with a path
};

bool valid_endpoint(std::string_view endpoint, EndpointUse use);

/// What valid_endpoint() accepts, for "expected ...".
std::string expected_endpoint(EndpointUse use);

}  // namespace dbha
