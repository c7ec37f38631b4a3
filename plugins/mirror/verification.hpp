#pragma once
/// What `dbha verify` asks of a mirror: the store and the database compared, and nothing changed. First each entry of
/// the store by its version, then whatever the database holds beside them.

#include <memory>
#include <string>
#include <vector>

#include <dbha/consistency.hpp>
#include <dbha/verifier.hpp>

#include "mirror/local_mirror.hpp"

namespace dbha::mirror {

struct VerificationLimits {
  double rate = 0;  ///< entries a second; 0: no limit
  /// A database that has not answered for so long is away.
  Duration give_up = std::chrono::seconds(10);
  /// What differs is asked once more after this: a write, or a message of one, may be under way.
  Duration second_look = std::chrono::milliseconds(500);
};

class Verification final : public Verifier {
 public:
  /// All references outlive it.
  Verification(LocalMirror& mirror, VersionedStore& database, VerificationLimits limits, Log& log)
      : mirror_(mirror), database_(database), limits_(limits), log_(log) {}

  std::vector<std::string> tables() const override { return mirror_.settings().tables; }
  VerifyReport verify(const VerifyRequest& request, std::stop_token stop,
                      const std::function<void(const Progress&)>& tell) override;

 private:
  LocalMirror& mirror_;
  VersionedStore& database_;
  VerificationLimits limits_;
  Log& log_;
};

}  // namespace dbha::mirror
