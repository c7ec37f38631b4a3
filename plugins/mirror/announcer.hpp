#pragma once
/// Tells on pub/sub what the database has confirmed, so that caches need not ask for it. What is lost of that is found
/// by their comparisons.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <dbha/consistency.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha::mirror {

/// Any thread.
class Announcer {
 public:
  /// Both outlive it; what is published may end later than it.
  Announcer(ConsistencyHost& host, Log& log) : host_(host), log_(log) {}

  /// What add() takes, made when the value is at hand.
  std::string record_of(const Entry& entry) const;
  /// The record goes out with others, at flush() or as soon as there are many of its table.
  void add(const std::string& table, const std::string& record);
  void flush();

 private:
  void publish(const std::string& table, std::string message);

  ConsistencyHost& host_;
  Log& log_;
  std::mutex mutex_;
  std::map<std::string, std::string> messages_;  ///< by table: what has not gone out
  std::shared_ptr<std::atomic<bool>> failing_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace dbha::mirror
