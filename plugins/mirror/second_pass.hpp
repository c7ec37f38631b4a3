#pragma once
/// The second look at what one side lacked.

#include "mirror/inquiry.hpp"
#include "mirror/listing.hpp"
#include "mirror/local_mirror.hpp"

namespace dbha::mirror {

/// One thread.
class SecondPass {
 public:
  SecondPass(LocalMirror& mirror, VersionedStore& database, Inquiry& inquiry, Listing::Adopt adopt);

  /// There are any.
  bool due();
  /// Looks at all of them: those that both sides have by now are acquitted, and with `last` the others removed. Returns
  /// how many that were. Throws Inquiry::Stopped, StoreFailure.
  std::uint64_t look(bool last);

 private:
  void ask(std::vector<Suspect> suspects, bool last);
  void judge(const std::vector<Suspect>& suspects, const BatchResult& result, bool last);

  LocalMirror& mirror_;
  VersionedStore& database_;
  Inquiry& inquiry_;
  Listing::Adopt adopt_;
  std::uint64_t removed_ = 0;
};

}  // namespace dbha::mirror
