#include "ledger.hpp"

#include <chrono>

namespace dbha::test {
namespace {

/// Values bear their key, so that the answer to another call is recognised.
bool fits(Kind kind, const std::string& key, const Value& value) {
  switch (kind) {
    case Kind::read:
      return value.kind == Value::Kind::nil || (value.kind == Value::Kind::text && value.text.starts_with(key + "#"));
    case Kind::repeatable:
    case Kind::once:
      return value.kind == Value::Kind::status && value.text == "OK";
    case Kind::increment:
      return value.kind == Value::Kind::integer && value.integer >= 1;
  }
  return false;
}

}  // namespace

std::size_t Ledger::add_key(std::string key) {
  const std::lock_guard lock(mutex_);
  keys_.push_back(std::move(key));
  return keys_.size() - 1;
}

Ledger::Id Ledger::open(Record record) {
  const std::lock_guard lock(mutex_);
  ++under_way_;
  records_.push_back(std::move(record));
  records_.back().submitted = std::chrono::steady_clock::now();
  return records_.size() - 1;
}

void Ledger::close(Id id, const Result& result) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  Record& record = records_.at(id);
  if (++record.ends > 1) return;
  --under_way_;
  ++ended_[record.deadline];
  record.ended = now;
  record.outcome = result.outcome;
  record.node = result.node.port;
  if (result.ok()) {
    ++answered_[record.shard];
    record.foreign = !fits(record.kind, keys_[record.key], result.value);
  }
  if (!result.ok() || record.foreign) record.detail = result.detail + ' ' + result.value.text;
}

std::size_t Ledger::under_way() const {
  const std::lock_guard lock(mutex_);
  return under_way_;
}

std::size_t Ledger::answered(std::size_t shard) const {
  const std::lock_guard lock(mutex_);
  const auto at = answered_.find(shard);
  return at == answered_.end() ? 0 : at->second;
}

std::size_t Ledger::ended_within(Duration deadline) const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [allowed, ended] : ended_)
    if (allowed <= deadline) count += ended;
  return count;
}

std::deque<Record> Ledger::records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

std::vector<std::string> Ledger::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

}  // namespace dbha::test
