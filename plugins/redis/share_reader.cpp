#include "redis/share_reader.hpp"

#include "redis/slot.hpp"
#include "redis/store_layout.hpp"
#include "redis/store_reply.hpp"

namespace dbha::redis {
namespace {

constexpr unsigned most_restarts = 10;
const char* const keys_a_page = "500";

}  // namespace

void ShareReader::ask_page() {
  scan_->submit({.args = {"SCAN", cursor_, "MATCH", pattern_of(scan_->range()), "COUNT", keys_a_page, "TYPE", "hash"},
                 .repeatable = true,
                 .partition = share_.partitions.begin()->range.first},
                [self = shared_from_this()](Result result) { self->on_page(std::move(result)); });
}

void ShareReader::on_page(Result result) {
  if (scan_->over()) return;
  if (!result.ok()) return fail(result);
  if (result.node != share_.node) return scan_->share_ends(share_.partitions);  // another has them by now
  // A cursor of another process would leave entries out; one of the same process might not, but who can tell?
  if (session_ && result.session != *session_) return begin_again(result.session);
  session_ = result.session;
  auto page = read_key_page(std::move(result.value));
  if (const Violation* violation = violation_of(page)) return scan_->fail(Outcome::error_reply, violation->text);
  auto& [cursor, keys] = std::get<KeyPage>(page);
  cursor_ = std::move(cursor);
  take_names(keys);
  read_more();
}

void ShareReader::begin_again(std::uint64_t session) {
  if (++restarts_ > most_restarts) {
    return scan_->fail(Outcome::timeout, "the connection to " + share_.node->text() + " was lost " +
                                             std::to_string(restarts_) + " times during the scan");
  }
  session_ = session;
  cursor_ = "0";
  ask_page();
}

void ShareReader::take_names(const std::vector<std::string>& keys) {
  names_.clear();
  next_ = 0;
  for (const std::string& key : keys) {
    if (!scan_->wants(slot_of(key))) continue;
    if (auto name = name_of(key)) names_.push_back(std::move(*name));
  }
}

void ShareReader::read_more() {
  while (next_ < names_.size() && reading_ < most_reads && !scan_->over()) {
    EntryName& name = names_[next_++];
    std::string key = key_of(name);
    Call call{.key = key, .args = {"HMGET", std::move(key), "v", "x"}, .repeatable = true};
    if (scan_->range().values) call.args.emplace_back("d");
    ++reading_;
    scan_->submit(std::move(call), [self = shared_from_this(), name = std::move(name)](Result result) {
      self->on_fields(name, result);
    });
  }
  if (reading_ == 0 && !scan_->over()) end_page();
}

void ShareReader::on_fields(const EntryName& name, const Result& result) {
  --reading_;
  if (scan_->over()) return;
  if (!result.ok() && !holds_no_entry(result)) return fail(result);
  if (result.ok()) {
    auto read = read_entry(name, result.value, scan_->range().values ? Fields::all : Fields::head);
    if (const Violation* violation = violation_of(read)) {
      scan_->found_broken(violation->text);
    } else if (auto& entry = std::get<0>(read); entry && (!entry->removed || scan_->range().removed)) {
      entries_.push_back(std::move(*entry));
    }
  }
  read_more();
}

void ShareReader::end_page() {
  scan_->deliver(std::exchange(entries_, {}), [self = shared_from_this()] { self->go_on(); });
}

void ShareReader::go_on() {
  if (cursor_ != "0") return ask_page();
  scan_->share_ends(moved_away(share_, scan_->route()));
}

void ShareReader::fail(const Result& result) {
  // A question has no effect, so that its outcome is never unknown: it was not answered in time.
  const Outcome outcome = result.outcome == Outcome::outcome_unknown ? Outcome::timeout : result.outcome;
  const PartitionSet nobodys = ownerless(share_.partitions, scan_->route());
  std::string detail = outcome == Outcome::timeout && !nobodys.empty()
                           ? "nobody owns partitions " + text_of(nobodys)
                           : "partitions " + text_of(share_.partitions) + " were not read";
  scan_->fail(outcome, with_reasons(std::move(detail), result));
}

}  // namespace dbha::redis
