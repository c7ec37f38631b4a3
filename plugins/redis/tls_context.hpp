#pragma once
/// What all TLS connections of the plugin have in common.

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include <dbha/context.hpp>

#include "redis/tls_wire.hpp"

namespace dbha::redis {

/// Made once from the options; constant afterwards. A node's certificate is always verified.
class TlsContext {
 public:
  /// Reads the options tls_*. Throws ConfigError, beginning with the option's place, when a file cannot be used.
  explicit TlsContext(const Options& options);

  SSL_CTX* get() const { return context_.get(); }
  const BIO_METHOD& wire_method() const { return *wire_method_; }
  /// The name or address that the certificate of the node at that host must bear.
  const std::string& expected_name(const std::string& host) const { return server_name_.empty() ? host : server_name_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  TlsWireMethod wire_method_;  // before what uses it
  std::unique_ptr<SSL_CTX, Free> context_;
  std::string server_name_;
};

/// By the option `tls`: empty without it. Throws ConfigError also when tls_* is given without it.
std::unique_ptr<const TlsContext> read_tls(const Options& options);

}  // namespace dbha::redis
