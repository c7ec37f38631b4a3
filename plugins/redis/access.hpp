#pragma once
/// How the plugin comes to a node: what its options say about every connection.

#include <chrono>

#include <dbha/types.hpp>

namespace dbha::redis {

class CredentialsFile;
class TlsContext;

/// What it points to is the backend's, and outlives every connection.
struct Access {
  CredentialsFile* credentials = nullptr;  ///< none: nobody logs in
  const TlsContext* tls = nullptr;         ///< none: plain TCP
  /// From the beginning of a connection to the first reply on it.
  Duration connect_timeout = std::chrono::seconds(1);
};

}  // namespace dbha::redis
