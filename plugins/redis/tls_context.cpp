#include "redis/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <dbha/error.hpp>

#include "redis/file_content.hpp"

namespace dbha::redis {
namespace {

[[noreturn]] void refuse(const Options& options, const char* option, const std::string& why) {
  throw ConfigError(options.where(option) + ": " + why);
}

/// OpenSSL's word on what failed last, and leaves none behind.
std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? reason : "unknown";
}

/// A file that can be read: OpenSSL's own messages do not tell a missing one from one that is not PEM.
std::string readable_file(const Options& options, const char* option) {
  std::string path = options.text(option);
  const auto content = content_of(path);
  if (const auto* violation = violation_of(content)) refuse(options, option, violation->text);
  return path;
}

void load_trusted(const Options& options, SSL_CTX* context) {
  if (options.text("tls_ca_file").empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return;
    throw ConfigError(options.where("tls") + ": the system's CA certificates cannot be used (" + openssl_reason() +
                      "): set tls_ca_file");
  }
  const std::string path = readable_file(options, "tls_ca_file");
  if (SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) == 1) return;
  refuse(options, "tls_ca_file",
         "expected the certificates of trusted CAs in PEM, found none in '" + path + "' (" + openssl_reason() + ")");
}

/// Without it, OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) noexcept {
  return -1;
}

/// The certificate first: the key is compared with it when it is loaded.
void load_own(const Options& options, SSL_CTX* context) {
  const bool has_certificate = !options.text("tls_cert_file").empty();
  const bool has_key = !options.text("tls_key_file").empty();
  if (!has_certificate && !has_key) return;
  if (!has_key) refuse(options, "tls_cert_file", "a certificate needs its private key: set tls_key_file too");
  if (!has_certificate) refuse(options, "tls_key_file", "a private key needs its certificate: set tls_cert_file too");

  const std::string certificate = readable_file(options, "tls_cert_file");
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    refuse(options, "tls_cert_file",
           "expected a certificate in PEM, found none in '" + certificate + "' (" + openssl_reason() + ")");
  }
  const std::string key = readable_file(options, "tls_key_file");
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  ERR_clear_error();
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1) return;
  if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509) {
    refuse(options, "tls_key_file",
           "expected the private key of the certificate '" + certificate + "', found that '" + key +
               "' does not fit it (" + openssl_reason() + ")");
  }
  refuse(options, "tls_key_file",
         "expected a private key in PEM without a passphrase, found none in '" + key + "' (" + openssl_reason() + ")");
}

}  // namespace

TlsContext::TlsContext(const Options& options)
    : wire_method_(make_tls_wire_method()),
      context_(SSL_CTX_new(TLS_client_method())),
      server_name_(options.text("tls_server_name")) {
  if (!wire_method_ || !context_) throw ConfigError(options.where("tls") + ": OpenSSL fails: " + openssl_reason());
  SSL_CTX_set_min_proto_version(get(), TLS1_2_VERSION);
  SSL_CTX_set_options(get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(get(), SSL_VERIFY_PEER, nullptr);
  // Buffers of a retried write may have moved: they are part of a std::string that grows. Idle connections keep none.
  SSL_CTX_set_mode(get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(get(), 1);  // one recv a record instead of two
  load_trusted(options, get());
  load_own(options, get());
}

std::unique_ptr<const TlsContext> read_tls(const Options& options) {
  if (options.flag("tls")) return std::make_unique<const TlsContext>(options);
  for (const char* option : {"tls_ca_file", "tls_cert_file", "tls_key_file", "tls_server_name"}) {
    if (!options.text(option).empty())
      refuse(options, option, "expected tls = true beside it, found that TLS is off: set tls = true, or remove it");
  }
  return nullptr;
}

}  // namespace dbha::redis
