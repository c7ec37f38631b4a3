#pragma once
/// The one thread that writes the store. What waits while it commits goes into the next commit together, so that many
/// writers share one wait for the disk.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <dbha/context.hpp>

#include "mirror/local_store.hpp"
#include "mirror/store_reader.hpp"

namespace dbha::mirror {

/// Something to be done to the store.
struct Job {
  /// In a transaction with others; if that fails, once more in one of its own. May throw StoreFailure. Empty: there is
  /// nothing to be stored.
  std::function<void(LocalStore&)> apply{};
  /// After the commit, exactly once; `refusal`: nothing was committed, and why.
  std::function<void(const std::string& refusal)> finish;
  std::size_t bytes = 0;  ///< that it keeps in memory
};

class StoreThread {
 public:
  /// Called on the thread after each commit; returns when to be called again though there is no job.
  using Turn = std::function<std::optional<TimePoint>(LocalStore&)>;
  /// Where jobs are handed in, from any thread; it may outlive the thread, and takes nothing then.
  class Intake {
   public:
    /// False: too much waits, and the job is given back. `always`: it has been waited for already.
    bool submit(Job& job, bool always);

   private:
    friend class StoreThread;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Job> jobs_;
    std::size_t bytes_ = 0;
    bool ending_ = false;
    bool ended_ = false;
  };

  /// Opens the store, or begins without: then every job is refused with the reason, and it is tried again each second.
  StoreThread(StoreFile file, std::uint64_t writer, PartitionOf partition_of, Log& log);
  /// Does what was handed in, and ends.
  ~StoreThread();

  /// `opened`: called with each store that was opened, before its first job; at once for the one that is open already.
  void start(Turn turn, std::function<void()> opened);

  std::shared_ptr<Intake> intake() const { return intake_; }
  /// Any thread. Why jobs are refused at present; empty if they are not.
  std::string trouble() const;
  /// Any thread. How many entries the outbox holds, as of the last commit.
  std::uint64_t waiting() const { return waiting_; }
  /// Any thread; nullptr while the store is not open.
  std::shared_ptr<StoreReader> reader() const;

 private:
  void run();
  std::vector<Job> take(std::optional<TimePoint> until, bool& ending);
  bool open();
  void perform(std::vector<Job>& jobs);
  bool commit_together(std::vector<Job>& jobs);
  void commit_alone(Job& job);
  std::optional<TimePoint> take_turn();
  void roll_back();
  void committed();
  void fail(const StoreFailure& failure);
  void set_trouble(const std::string& trouble);

  StoreFile file_;
  std::uint64_t writer_;
  PartitionOf partition_of_;
  Log& log_;
  std::shared_ptr<Intake> intake_ = std::make_shared<Intake>();
  std::optional<LocalStore> store_;
  TimePoint open_again_{};
  std::atomic<std::uint64_t> waiting_ = 0;
  Turn turn_;
  std::function<void()> opened_;
  mutable std::mutex mutex_;
  std::string trouble_;
  std::shared_ptr<StoreReader> reader_;
  std::thread thread_;
};

}  // namespace dbha::mirror
