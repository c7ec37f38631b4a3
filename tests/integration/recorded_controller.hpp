#pragma once
/// An application that is a controller and writes down what it is told.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <dbha/controller.hpp>

namespace dbha::test {

/// A dbrestart in one line, to compare and to read: "failover 0-5460 from ID to ID", "restart 0-5460 of ID",
/// "start 0-16383".
std::string line_of(const DbRestart& event);
std::string failover_line(const std::string& partitions, const std::string& from, const std::string& to);
std::string restart_line(const std::string& partitions, const std::string& of);
inline const std::string start_line = "start 0-16383";

class RecordedController {
 public:
  /// Opens it and subscribes to everything, as an application named "application" in the state store.
  explicit RecordedController(const std::filesystem::path& config);

  Controller* operator->() { return controller_.get(); }
  Controller& operator*() { return *controller_; }

  /// The dbrestarts so far, in order of their arrival.
  std::vector<std::string> restarts() const { return copy(restarts_); }
  /// What did not hold while a dbrestart handler ran: it must find the new owners in topology(), and must be able to
  /// write to the partitions concerned.
  std::vector<std::string> broken_promises() const { return copy(broken_promises_); }
  /// The other events, by name.
  std::vector<std::string> names() const { return copy(names_); }
  /// How old the view was said to be when it was said to be stale the first time.
  Duration stale_age() const;

 private:
  bool on_restart(const DbRestart& event);
  void check(const DbRestart& event, PartitionRange range);
  void on_other(const Event& event);

  template <class T>
  T copy(const T& list) const {
    const std::lock_guard lock(mutex_);
    return list;
  }
  void add(std::vector<std::string>& list, std::string line) {
    const std::lock_guard lock(mutex_);
    list.push_back(std::move(line));
  }

  mutable std::mutex mutex_;
  std::vector<std::string> restarts_;
  std::vector<std::string> broken_promises_;
  std::vector<std::string> names_;
  Duration stale_age_{};
  std::unique_ptr<Controller> controller_;
  std::vector<Subscription> subscriptions_;  // end first: their handlers use all of the above
};

}  // namespace dbha::test
