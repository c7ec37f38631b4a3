#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <dbha/controller.hpp>

namespace dbha::demo {

/// An application with an embedded controller that writes at a steady rate, to random keys of all slots. Its calls are
/// repeatable and have 10 s: no single fault of a replicated shard should make one fail.
class Writer {
 public:
  /// Opens the controller. Throws as Controller::open does.
  Writer(const std::filesystem::path& config, unsigned rate);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Begins to write.
  void start();

  struct Count {
    std::uint64_t calls = 0;
    std::uint64_t errors = 0;  ///< outcomes other than ok
    std::string first_error;
  };
  /// The calls begun since the last time; returns when all of them have ended. Throws std::runtime_error if one
  /// outlives its deadline.
  Count take_count();

  /// One write outside the count. Blocks until it has ended.
  Result write(const std::string& key, const std::string& value);

  /// Where it keeps what must not be lost.
  Mirror& mirror() { return *controller_->mirror("mirror"); }

  /// The topology that this controller uses. Cheap.
  std::shared_ptr<const Topology> topology() const { return controller_->topology(); }

 private:
  struct Tally;
  void run(const std::stop_token& stop);
  void submit_one();

  unsigned rate_;
  std::unique_ptr<Controller> controller_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::shared_ptr<Tally> tally_;  // of the present count; completions hold it as long as they need it
  std::jthread thread_;           // last: it uses the above
};

}  // namespace dbha::demo
