// What is said of tls_* settings that cannot work, before anything connects.
#include <fstream>

#include "lab/certificates.hpp"
#include "redis/tls_context.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::redis;
using namespace dbha::test;

namespace {

using Texts = GivenOptions::Values<std::string>;

std::string refusal(Texts texts, bool tls = true) {
  return why_refused([&] { read_tls(GivenOptions(std::move(texts), {{"tls", tls}})); });
}

struct Files {
  TempFolder folder;
  lab::CertificateAuthority authority{folder.path()};
  lab::CertificateFiles app = authority.issue({.name = "app"});
  lab::CertificateFiles other = authority.issue({.name = "other"});
  std::string rubbish = folder.path() / "rubbish";

  Files() { std::ofstream(rubbish) << "-----BEGIN NOTHING-----\n"; }
};

}  // namespace

TEST_CASE("without tls there is no TLS, and no other setting of it may be there") {
  CHECK_FALSE(read_tls(GivenOptions()));
  for (const std::string option : {"tls_ca_file", "tls_cert_file", "tls_key_file", "tls_server_name"}) {
    CHECK(refusal({{option, "x"}}, false) ==
          "nb.toml:7:1: " + option +
              ": expected tls = true beside it, found that TLS is off: set tls = true, or remove it");
  }
}

TEST_CASE("TLS needs no file at all, or a CA, or a certificate with its key") {
  const Files files;
  CHECK(refusal({}) == "accepted");
  CHECK(refusal({{"tls_ca_file", files.authority.file()}}) == "accepted");
  CHECK(refusal({{"tls_cert_file", files.app.certificate}, {"tls_key_file", files.app.key}}) == "accepted");
}

TEST_CASE("a file that is missing, or is not what it should be, is refused with its place and what to do") {
  const Files files;
  const std::string certificate = files.app.certificate, key = files.app.key;
  for (const std::string option : {"tls_ca_file", "tls_cert_file", "tls_key_file"}) {
    Texts texts{{"tls_cert_file", certificate}, {"tls_key_file", key}};
    texts[option] = "/no/such/file";
    CHECK(refusal(texts) == "nb.toml:7:1: " + option +
                                ": expected a readable file, found that '/no/such/file' cannot be read: No such file "
                                "or directory");
    texts[option] = files.folder.path();
    CHECK(refusal(texts) == "nb.toml:7:1: " + option + ": expected a readable file, found that '" +
                                files.folder.path().string() + "' cannot be read: Is a directory");
  }
  CHECK(refusal({{"tls_ca_file", files.rubbish}})
            .starts_with("nb.toml:7:1: tls_ca_file: expected the certificates of trusted CAs in PEM, found none in '" +
                         files.rubbish + "' ("));
  CHECK(refusal({{"tls_cert_file", files.rubbish}, {"tls_key_file", key}})
            .starts_with("nb.toml:7:1: tls_cert_file: expected a certificate in PEM, found none in '" + files.rubbish));
  for (const std::string& no_key : {files.rubbish, certificate}) {
    CHECK(refusal({{"tls_cert_file", certificate}, {"tls_key_file", no_key}})
              .starts_with("nb.toml:7:1: tls_key_file: expected a private key in PEM without a passphrase, found none "
                           "in '" +
                           no_key + "' ("));
  }
}

TEST_CASE("a certificate and a key come together, and fit") {
  const Files files;
  CHECK(refusal({{"tls_cert_file", files.app.certificate}}) ==
        "nb.toml:7:1: tls_cert_file: a certificate needs its private key: set tls_key_file too");
  CHECK(refusal({{"tls_key_file", files.app.key}}) ==
        "nb.toml:7:1: tls_key_file: a private key needs its certificate: set tls_cert_file too");
  CHECK(refusal({{"tls_cert_file", files.app.certificate}, {"tls_key_file", files.other.key}}) ==
        "nb.toml:7:1: tls_key_file: expected the private key of the certificate '" + files.app.certificate.string() +
            "', found that '" + files.other.key.string() + "' does not fit it (key values mismatch)");
}
