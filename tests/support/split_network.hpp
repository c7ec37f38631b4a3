#pragma once
/// A network of three places: two sides, and the middle between them, where the test is. Cut, the sides cannot hear
/// each other and are told nothing: what they send is lost. The middle hears both all the time.

#include <memory>
#include <string>

#include "lab/file_descriptor.hpp"
#include "lab/place.hpp"
#include "lab/temp_dir.hpp"

namespace dbha::test {

/// Network namespaces joined by a bridge. The thread that made it is in the middle until its end, and so is what it
/// starts outside of lab::Inside; the kernel takes all of it down with the process, whatever ends that.
class SplitNetwork {
 public:
  /// Null where it is not permitted, or `ip` is missing: `why_not` then says so.
  static std::unique_ptr<SplitNetwork> make(std::string& why_not);
  ~SplitNetwork();
  SplitNetwork(const SplitNetwork&) = delete;
  SplitNetwork& operator=(const SplitNetwork&) = delete;

  lab::Place left() const { return {"10.99.0.1", left_.get()}; }
  lab::Place right() const { return {"10.99.0.2", right_.get()}; }
  void cut() { isolate(true); }
  void heal() { isolate(false); }

 private:
  SplitNetwork();
  void ip(const std::string& arguments) const;
  void add_side(const std::string& name, const lab::Place& place) const;
  void isolate(bool cut) const;

  lab::TempDir folder_{"dbha-network"};
  lab::FileDescriptor before_;
  lab::FileDescriptor left_;
  lab::FileDescriptor right_;
};

}  // namespace dbha::test
