#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <openssl/ossl_typ.h>

namespace dbha::lab {

/// Where a certificate and its private key lie, in PEM.
struct CertificateFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// A certificate authority of one's own, which ends with the test. Errors are std::runtime_error with OpenSSL's reason.
class CertificateAuthority {
 public:
  struct Wanted {
    std::string name;                                 ///< of the files, and the common name
    std::vector<std::string> addresses{"127.0.0.1"};  ///< subject alternative names
    std::vector<std::string> hosts{"localhost"};      ///< the same
    bool expired = false;                             ///< since a day
  };

  /// Writes its own certificate as NAME-ca.crt below the folder.
  explicit CertificateAuthority(std::filesystem::path folder, const std::string& name = "lab");

  /// What has to be trusted.
  const std::filesystem::path& file() const { return file_; }
  /// For servers and for clients. Writes NAME.crt and NAME.key.
  CertificateFiles issue(const Wanted& wanted) const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const;
    void operator()(X509* certificate) const;
  };

  std::filesystem::path folder_;
  std::filesystem::path file_;
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
};

}  // namespace dbha::lab
