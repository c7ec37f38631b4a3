#include "lab/certificates.hpp"

#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <utility>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace dbha::lab {
namespace {

constexpr long day = 24L * 60 * 60;

template <class T, void (*free)(T*)>
struct FreeWith {
  void operator()(T* object) const { free(object); }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION, X509_EXTENSION_free>>;

void must(bool done, const char* what) {
  if (done) return;
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  throw std::runtime_error(std::string("certificates: ") + what + " failed: " + (reason ? reason : "no reason given"));
}

/// P-256: made in no time.
EVP_PKEY* make_key() {
  const KeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
  EVP_PKEY* key = nullptr;
  must(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
           EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1 &&
           EVP_PKEY_keygen(context.get(), &key) == 1,
       "making a key");
  return key;
}

void set_random_serial(X509* certificate) {
  std::uint64_t serial = 0;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "RAND_bytes");
  must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1, "setting the serial");
}

void set_name(X509_NAME* name, const std::string& common_name) {
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1, "setting the name");
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "adding an extension");
}

X509* make_certificate(EVP_PKEY* key, const std::string& common_name, const X509* issuer, bool expired) {
  X509* certificate = X509_new();
  must(certificate, "making a certificate");
  set_random_serial(certificate);
  set_name(X509_get_subject_name(certificate), common_name);
  must(X509_set_version(certificate, 2) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate)) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * day) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), expired ? -day : 30 * day),
       "filling a certificate");
  return certificate;
}

std::string alternative_names(const CertificateAuthority::Wanted& wanted) {
  std::string out;
  for (const auto& address : wanted.addresses) out += (out.empty() ? "IP:" : ",IP:") + address;
  for (const auto& host : wanted.hosts) out += (out.empty() ? "DNS:" : ",DNS:") + host;
  return out;
}

template <class Write>
void write_pem(const std::filesystem::path& file, Write write) {
  const std::unique_ptr<FILE, int (*)(FILE*)> out(std::fopen(file.c_str(), "w"), std::fclose);
  must(out && write(out.get()) == 1, ("writing " + file.string()).c_str());
}

}  // namespace

void CertificateAuthority::Free::operator()(EVP_PKEY* key) const {
  EVP_PKEY_free(key);
}

void CertificateAuthority::Free::operator()(X509* certificate) const {
  X509_free(certificate);
}

CertificateAuthority::CertificateAuthority(std::filesystem::path folder, const std::string& name)
    : folder_(std::move(folder)),
      file_(folder_ / (name + "-ca.crt")),
      key_(make_key()),
      certificate_(make_certificate(key_.get(), name + " CA", nullptr, false)) {
  add_extension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate_.get(), NID_key_usage, "critical,keyCertSign");
  must(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0, "signing");
  write_pem(file_, [&](FILE* out) { return PEM_write_X509(out, certificate_.get()); });
}

CertificateFiles CertificateAuthority::issue(const Wanted& wanted) const {
  const std::unique_ptr<EVP_PKEY, Free> key(make_key());
  const std::unique_ptr<X509, Free> certificate(
      make_certificate(key.get(), wanted.name, certificate_.get(), wanted.expired));
  if (const auto names = alternative_names(wanted); !names.empty())
    add_extension(certificate.get(), NID_subject_alt_name, names);
  must(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0, "signing");
  CertificateFiles files{folder_ / (wanted.name + ".crt"), folder_ / (wanted.name + ".key")};
  write_pem(files.certificate, [&](FILE* out) { return PEM_write_X509(out, certificate.get()); });
  write_pem(files.key,
            [&](FILE* out) { return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return files;
}

}  // namespace dbha::lab
