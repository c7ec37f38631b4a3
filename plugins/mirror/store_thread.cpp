#include "mirror/store_thread.hpp"

#include <algorithm>

#include "mirror/trouble.hpp"

namespace dbha::mirror {
namespace {

/// How much may wait: more is not taken.
constexpr std::size_t most_jobs = 100'000;
constexpr std::size_t most_bytes = std::size_t{64} << 20;
constexpr Duration pause = std::chrono::seconds(1);

TimePoint now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

bool StoreThread::Intake::submit(Job& job, bool always) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    if (!always && (jobs_.size() >= most_jobs || bytes_ + job.bytes > most_bytes)) return false;
    bytes_ += job.bytes;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

StoreThread::StoreThread(StoreFile file, std::uint64_t writer, PartitionOf partition_of, Log& log)
    : file_(std::move(file)), writer_(writer), partition_of_(std::move(partition_of)), log_(log) {
  open();
}

StoreThread::~StoreThread() {
  {
    const std::lock_guard lock(intake_->mutex_);
    intake_->ending_ = true;
  }
  intake_->changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void StoreThread::start(Turn turn, std::function<void()> opened) {
  turn_ = std::move(turn);
  opened_ = std::move(opened);
  if (store_) opened_();
  thread_ = std::thread([this] { run(); });
}

std::string StoreThread::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

std::shared_ptr<StoreReader> StoreThread::reader() const {
  const std::lock_guard lock(mutex_);
  return reader_;
}

void StoreThread::run() {
  std::optional<TimePoint> next = now();
  for (bool ending = false; !ending;) {
    auto jobs = take(next, ending);
    if (!store_ && now() >= open_again_ && open()) opened_();
    perform(jobs);
    next = take_turn();
  }
}

/// Whatever is handed in before the end is seen is done; `ending` is said once with it.
std::vector<Job> StoreThread::take(std::optional<TimePoint> until, bool& ending) {
  Intake& in = *intake_;
  std::unique_lock lock(in.mutex_);
  const auto awaited = [&in] { return in.ending_ || !in.jobs_.empty(); };
  if (until) {
    in.changed_.wait_until(lock, *until, awaited);
  } else {
    in.changed_.wait(lock, awaited);
  }
  ending = in.ended_ = in.ending_;
  in.bytes_ = 0;
  return std::exchange(in.jobs_, {});
}

bool StoreThread::open() {
  try {
    store_.emplace(file_, writer_, partition_of_);
    auto reader = std::make_shared<StoreReader>(file_.path);
    {
      const std::lock_guard lock(mutex_);
      reader_ = std::move(reader);
    }
    committed();
    return true;
  } catch (const StoreFailure& failure) {
    store_.reset();
    open_again_ = now() + pause;
    fail(failure);
    return false;
  }
}

void StoreThread::perform(std::vector<Job>& jobs) {
  if (commit_together(jobs)) {
    for (auto& job : jobs) job.finish("");
    return;
  }
  for (auto& job : jobs) commit_alone(job);
}

/// False: nothing of it has happened, and each is to be tried by itself: one that asks too much refuses nobody else's.
bool StoreThread::commit_together(std::vector<Job>& jobs) {
  const auto stores = [](const Job& job) { return job.apply != nullptr; };
  if (std::none_of(jobs.begin(), jobs.end(), stores)) return true;
  if (!store_ || jobs.size() == 1) return false;
  try {
    store_->begin();
    for (auto& job : jobs)
      if (job.apply) job.apply(*store_);
    store_->commit();
    committed();
    return true;
  } catch (const StoreFailure&) {
    roll_back();
    return false;
  }
}

void StoreThread::commit_alone(Job& job) {
  if (!job.apply) return job.finish("");
  if (!store_) return job.finish(trouble());
  try {
    store_->begin();
    job.apply(*store_);
    store_->commit();
    committed();
  } catch (const StoreFailure& failure) {
    roll_back();
    fail(failure);
    return job.finish(trouble());
  }
  job.finish("");
}

/// Before who waits for it is told.
void StoreThread::committed() {
  waiting_ = store_->waiting_count();
  set_trouble("");
}

/// Outside the catch of whoever failed before: a second failure says nothing new.
void StoreThread::roll_back() {
  try {
    store_->roll_back();
  } catch (const StoreFailure&) {
    return;  // the next begin() fails and says why
  }
}

std::optional<TimePoint> StoreThread::take_turn() {
  if (!store_) return open_again_;
  try {
    return turn_(*store_);
  } catch (const StoreFailure& failure) {
    fail(failure);
    return now() + pause;
  }
}

void StoreThread::fail(const StoreFailure& failure) {
  set_trouble(trouble_of(failure, file_.path));
}

/// Logged when it changes: the same trouble is met by every write.
void StoreThread::set_trouble(const std::string& trouble) {
  {
    const std::lock_guard lock(mutex_);
    if (trouble_ == trouble) return;
    trouble_ = trouble;
  }
  if (trouble.empty()) return log_.info("mirror_store_usable", {{"file", file_.path.string()}});
  log_.error("mirror_store_unusable", {{"reason", trouble}});
}

}  // namespace dbha::mirror
