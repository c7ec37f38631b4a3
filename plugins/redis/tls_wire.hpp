#pragma once
/// What OpenSSL reads from and writes to: our socket, as a BIO. OpenSSL's own writes with write(), and a node that has
/// just died would end the process by SIGPIPE.

#include <memory>

#include <openssl/bio.h>

#include "redis/socket.hpp"

namespace dbha::redis {

/// The BIO's data. Must outlive it, and stay where it is.
struct TlsWire {
  const Socket& socket;
  Socket::Transfer last{};  ///< what the socket said last: OpenSSL only knows that something failed
};

struct FreeTlsWireMethod {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};
using TlsWireMethod = std::unique_ptr<BIO_METHOD, FreeTlsWireMethod>;

/// How such a BIO works. Must outlive them all. Empty: no memory.
TlsWireMethod make_tls_wire_method();

/// nullptr: no memory. The caller's to free.
BIO* make_tls_wire(const BIO_METHOD& method, TlsWire& wire);

}  // namespace dbha::redis
