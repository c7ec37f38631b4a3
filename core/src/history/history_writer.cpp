#include "history/history_writer.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include <dbha/error.hpp>

namespace dbha {
namespace {

using nlohmann::json;

/// Looking for what is too old costs a walk through the file.
constexpr std::size_t prune_each = 500;

std::string text_of(const json& entry) {
  return entry.dump(-1, ' ', false, json::error_handler_t::replace);  // what a node said may be no UTF-8
}

std::string line_of(const json& entry) {
  std::string line = text_of(entry);
  if (line.size() <= HistoryWriter::longest_line) return line;
  json rest = json::object();
  for (const auto& [key, value] : entry.items()) {
    if (value.is_structured()) continue;
    rest[key] = value.is_string() ? json(value.get<std::string>().substr(0, 1024)) : value;
  }
  rest["left_out_bytes"] = line.size();
  return text_of(rest);
}

}  // namespace

HistoryWriter::HistoryWriter(std::filesystem::path file, Log& log, HistoryLimits limits, std::size_t waiting_at_most)
    : path_(std::move(file)),
      log_(log),
      limits_(limits),
      waiting_at_most_(waiting_at_most),
      limit_(1, std::chrono::minutes(1)),
      unpruned_(prune_each),
      thread_([this] { run(); }) {}

HistoryWriter::~HistoryWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void HistoryWriter::add(const json& entry) {
  HistoryEntry next{entry.value("at_ms", std::int64_t{0}), line_of(entry)};
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting_at_most_) {
      ++counts_.lost;
      return;
    }
    waiting_.push_back(std::move(next));
  }
  changed_.notify_one();
}

HistoryWriter::Counts HistoryWriter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void HistoryWriter::run() {
  for (;;) {
    std::vector<HistoryEntry> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
      waiting_.clear();
    }
    write(std::move(batch));
  }
}

void HistoryWriter::write(std::vector<HistoryEntry> batch) {
  const std::size_t size = batch.size();
  bool stored = false;
  try {
    store(std::move(batch));
    stored = true;
  } catch (const Error& e) {
    file_.reset();
    if (limit_.allow("history_not_kept", std::chrono::steady_clock::now()))
      log_.warning("history_not_kept", {{"reason", e.what()}});
  }
  const std::lock_guard lock(mutex_);
  (stored ? counts_.written : counts_.lost) += size;
}

void HistoryWriter::store(std::vector<HistoryEntry> batch) {
  if (!file_) file_.emplace(path_, HistoryFile::Access::write);
  const auto lost = counts().lost;
  const auto now_ms = batch.back().at_ms;
  if (lost > told_lost_)
    batch.push_back({now_ms, text_of({{"what", "history_lost"}, {"at_ms", now_ms}, {"entries", lost - told_lost_}})});
  file_->append(batch);
  told_lost_ = lost;
  unpruned_ += batch.size();
  if (unpruned_ < prune_each) return;
  file_->prune(limits_, now_ms);
  unpruned_ = 0;
}

}  // namespace dbha
