#pragma once
/// The processes of one site: a northbound one (detector and controller), southbound ones, and applications that are
/// controllers themselves, embedded in the test.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "program.hpp"
#include "recorded_controller.hpp"
#include "site.hpp"

namespace dbha::test {

/// Writes and reads a key in each range of slots that has an owner, through the controller; and finds it on the node
/// that the cluster itself says is the owner. Fails the test if anything of it does not hold.
void check_routing(Controller& controller, lab::Cluster& cluster);

/// Partitions whose dbrestart is in the history of a process, as line_of().
std::vector<std::string> restarts_in(const nlohmann::json& status);

class Fleet {
 public:
  struct Size {
    std::size_t processes = 0;  ///< southbound: sb-1, sb-2, ...
    std::size_t embedded = 1;   ///< app-1, app-2, ...
  };

  /// Starts the northbound process, waits for its detector to be well, then starts the others, and waits until all have
  /// applied the detector's topology. For one test thread, the one that ends last (see lab::ChildProcess).
  Fleet(lab::Cluster& cluster, Size size);

  /// Waits until `condition` holds of what each embedded controller has applied, the detector is well, and everybody
  /// has applied its digest. Fails the test, with what everybody says, if that does not come.
  void wait_for(const std::string& what, const std::function<bool(const Topology&)>& condition);
  /// The common case: that node owns that slot.
  void wait_for_owner(int slot, std::size_t node);

  /// check_routing() through each embedded controller.
  void check_routing();
  /// Waits until everybody, embedded or not, has been told of that many dbrestarts, and checks that they are exactly
  /// these, in this order, and that all promises made to handlers were kept.
  void check_restarts(const std::vector<std::string>& due);

  /// Of all its processes and applications.
  std::set<std::string> names() const;
  const Site& site() const { return site_; }
  DbhaProcess& northbound() { return *northbound_; }
  /// Kills the northbound process, if it runs, starts it again, and waits until all is well there.
  void start_northbound();
  std::deque<DbhaProcess>& southbound() { return southbound_; }
  RecordedController& app(std::size_t index) { return *apps_.at(index); }

 private:
  bool all_current(const std::function<bool(const Topology&)>& condition);
  std::map<std::string, std::vector<std::string>> restarts();
  std::string report();

  lab::Cluster& cluster_;
  Site site_;
  std::unique_ptr<DbhaProcess> northbound_;
  std::deque<DbhaProcess> southbound_;
  std::vector<std::unique_ptr<RecordedController>> apps_;
};

}  // namespace dbha::test
