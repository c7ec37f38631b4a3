#pragma once
/// What a controller's topology went through: who owned what in turn, and whether a claim ever fell.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <dbha/controller.hpp>

namespace dbha::test {

/// "failover 0-5460 A->B", with shortened ids, as topology_changed tells it.
std::string owner_line(const std::string& kind, const std::string& partitions, const std::string& from,
                       const std::string& to);

/// Ends before its controller.
class ClaimWatch {
 public:
  explicit ClaimWatch(Controller& controller);

  /// Each change of an owner that was applied since, in order.
  std::vector<std::string> owner_changes() const;
  /// Claims that were seen to be replaced by lower ones; none may be.
  std::vector<std::string> falls() const;

 private:
  void note(const TopologyChanged& event);
  void compare(const Topology& before, const Topology& after);

  Controller& controller_;
  mutable std::mutex mutex_;
  std::vector<std::string> owner_changes_;
  std::vector<std::string> falls_;
  std::shared_ptr<const Topology> last_;
  Subscription subscription_;  // ends first: its handler uses all of the above
};

}  // namespace dbha::test
