#include "redis/tls_stream.hpp"

#include <algorithm>
#include <cerrno>

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "redis/resolve.hpp"

namespace dbha::redis {
namespace {

constexpr std::size_t record_size = 16384;  // the longest that TLS has

}  // namespace

TlsStream::TlsStream(const TlsContext& context, const std::string& host, const Socket& socket)
    : wire_{socket}, ssl_(SSL_new(context.get())), expected_(context.expected_name(host)) {
  BIO* bio = ssl_ ? make_tls_wire(context.wire_method(), wire_) : nullptr;
  if (!bio) {
    failure_ = "no memory for TLS";
    return;
  }
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  if (!expect(expected_)) failure_ = "'" + expected_ + "' is no name that a certificate can bear";
}

/// An address is verified as one, and is no name that could be sent (RFC 6066, section 3).
bool TlsStream::expect(const std::string& name) {
  SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (numeric_address({name, 1})) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), name.c_str()) == 1;
  // SSL_set_tlsext_host_name, which is a macro, without its cast: OpenSSL copies the name.
  const bool sent = SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                             const_cast<char*>(name.c_str())) == 1;
  return sent && SSL_set1_host(ssl_.get(), name.c_str()) == 1;
}

TlsStream::Handshake TlsStream::shake_hands() {
  if (!failure_.empty()) return Handshake::failed;
  read_waits_ = Waits::no;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Handshake::done;
  return not_done(result, read_waits_).blocked ? Handshake::under_way : Handshake::failed;
}

Socket::Transfer TlsStream::read(char* buffer, std::size_t size) {
  if (ended_) return end_;
  read_waits_ = Waits::no;
  std::size_t filled = 0;
  while (filled < size) {
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), buffer + filled, size - filled, &count);
    filled += count;
    if (result == 1) continue;
    const auto why = not_done(result, read_waits_);
    if (filled == 0) return why;
    if (!why.blocked) {  // the next read says so
      ended_ = true;
      end_ = why;
    }
    break;
  }
  return {.bytes = filled};
}

Socket::Transfer TlsStream::write(std::string_view bytes) {
  while (!held_.empty()) {
    const auto put_before = put(held_);
    if (put_before.bytes == 0) return put_before;
    held_.erase(0, put_before.bytes);
  }
  if (bytes.empty()) return {};
  const auto record = bytes.substr(0, record_size);
  const auto done = put(record);
  if (!done.blocked) return done;
  held_ = record;
  return {.bytes = record.size(), .blocked = true};
}

Socket::Transfer TlsStream::put(std::string_view bytes) {
  write_waits_ = Waits::no;
  std::size_t count = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
  return result == 1 ? Socket::Transfer{.bytes = count} : not_done(result, write_waits_);
}

/// What a call of OpenSSL that returned `result` waits for, or how it ended.
Socket::Transfer TlsStream::not_done(int result, Waits& waits) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      waits = Waits::to_read;
      return {.blocked = true};
    case SSL_ERROR_WANT_WRITE:
      waits = Waits::to_write;
      return {.blocked = true};
    case SSL_ERROR_ZERO_RETURN:
      return {.ended = true};
    case SSL_ERROR_SYSCALL:
      // A node that was killed says no goodbye. In RESP nothing can be cut off unnoticed, so an end is an end.
      if (wire_.last.ended) return wire_.last;
      [[fallthrough]];
    default:
      if (failure_.empty()) failure_ = reason();
      return {.ended = true, .error = EPROTO};
  }
}

std::string TlsStream::reason() const {
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    const bool other_name = verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH;
    return std::string("certificate verify failed: ") + X509_verify_cert_error_string(verified) +
           (other_name ? ": expected '" + expected_ + "'" : "");
  }
  const unsigned long error = ERR_peek_error();
  const char* text = ERR_reason_error_string(error);
  const int code = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  const bool no_tls = code == SSL_R_WRONG_VERSION_NUMBER || code == SSL_R_PACKET_LENGTH_TOO_LONG;
  return std::string(text ? text : "TLS failed") + (no_tls ? ": what answers there does not speak TLS" : "");
}

bool TlsStream::wants_write() const {
  return read_waits_ == Waits::to_write || (holds_output() && write_waits_ == Waits::to_write);
}

Readiness TlsStream::unblocked_by(Readiness socket) const {
  return {.readable = socket.readable || (socket.writable && read_waits_ == Waits::to_write),
          .writable = socket.writable || (socket.readable && write_waits_ == Waits::to_read)};
}

}  // namespace dbha::redis
