#include "redis/tls_wire.hpp"

namespace dbha::redis {
namespace {

TlsWire& wire_of(BIO* bio) noexcept {
  return *static_cast<TlsWire*>(BIO_get_data(bio));
}

/// 0: the end; below: not now, or an error.
int result_of(const Socket::Transfer& transfer) noexcept {
  if (transfer.bytes > 0) return static_cast<int>(transfer.bytes);
  return transfer.ended && transfer.error == 0 ? 0 : -1;
}

int read_wire(BIO* bio, char* buffer, int size) noexcept {
  TlsWire& wire = wire_of(bio);
  BIO_clear_retry_flags(bio);
  wire.last = wire.socket.read(buffer, static_cast<std::size_t>(size));
  if (wire.last.blocked) BIO_set_retry_read(bio);
  return result_of(wire.last);
}

int write_wire(BIO* bio, const char* bytes, int size) noexcept {
  TlsWire& wire = wire_of(bio);
  BIO_clear_retry_flags(bio);
  wire.last = wire.socket.write({bytes, static_cast<std::size_t>(size)});
  if (wire.last.blocked) BIO_set_retry_write(bio);
  return result_of(wire.last);
}

/// Nothing is buffered here, so a flush is done at once. All else is not offered.
long control_wire(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace

TlsWireMethod make_tls_wire_method() {
  TlsWireMethod method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "dbha socket"));
  if (!method) return method;
  BIO_meth_set_read(method.get(), read_wire);
  BIO_meth_set_write(method.get(), write_wire);
  BIO_meth_set_ctrl(method.get(), control_wire);
  return method;
}

BIO* make_tls_wire(const BIO_METHOD& method, TlsWire& wire) {
  BIO* bio = BIO_new(&method);
  if (!bio) return nullptr;
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace dbha::redis
