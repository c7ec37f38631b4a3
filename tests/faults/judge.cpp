#include "judge.hpp"

#include <algorithm>
#include <chrono>

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

constexpr Duration most_late = 50ms;  // beyond a bare timer
constexpr std::size_t few = 5;        // complaints of one kind

std::string ms(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

std::string text_of(Kind kind) {
  constexpr std::array names{"GET", "repeatable SET", "SET", "INCR"};
  return names[static_cast<std::size_t>(kind)];
}

std::string text_of(Outcome outcome) {
  constexpr std::array names{"ok", "error_reply", "timeout", "outcome_unknown", "refused", "cancelled"};
  return names[static_cast<std::size_t>(outcome)];
}

std::string line_of(const Record& record, const Terms& terms) {
  return text_of(record.kind) + " on shard " + std::to_string(record.shard) + ", submitted " +
         ms(record.submitted - terms.struck) + " after the fault with " + ms(record.deadline) + ", ended after " +
         ms(record.ended - record.submitted) + " as " + text_of(record.outcome) + " by port " +
         std::to_string(record.node) + ": " + record.detail;
}

Latency latency_of(std::vector<Duration> all) {
  if (all.empty()) return {};
  std::sort(all.begin(), all.end());
  return {all[all.size() / 2], all[all.size() * 9 / 10], all.back(), all.size()};
}

bool is_hasty(const Record& record) {
  return record.deadline < usual_deadline;
}

class Trial {
 public:
  Trial(const std::deque<Record>& records, const Terms& terms) : records_(records), terms_(terms) {}

  Judgement run() {
    out_.calls = records_.size();
    find_loss();
    for (const Record& record : records_) {
      if (check_ends(record)) {
        check_time(record);
        check_outcome(record);
        note_answer(record);
      }
    }
    compare_latencies();
    return std::move(out_);
  }

 private:
  void complain(const std::string& kind, const std::string& what) {
    const auto number = ++complaints_[kind];
    if (number <= few) out_.complaints.push_back(kind + ": " + what);
    if (number == few + 1) out_.complaints.push_back(kind + ": and more");
  }

  bool may_be_unknown(const Record& record) const {
    return record.outcome == Outcome::outcome_unknown && !is_safe(record.kind);
  }

  /// The first ends of calls whose connection was lost.
  void find_loss() {
    for (const Record& record : records_)
      if (may_be_unknown(record) && !is_hasty(record)) {
        auto& seen = loss_seen_.try_emplace(record.controller, record.ended).first->second;
        seen = std::min(seen, record.ended);
      }
  }

  bool check_ends(const Record& record) {
    if (record.ends == 0) complain("lost", line_of(record, terms_));
    if (record.ends > 1) complain("ended more than once", line_of(record, terms_));
    if (record.foreign) complain("the answer to another call", line_of(record, terms_));
    return record.ends > 0;
  }

  void check_time(const Record& record) {
    const Duration late = record.ended - (record.submitted + record.deadline);
    out_.lateness = std::max(out_.lateness, late);
    const Duration most = most_late + terms_.bare_lateness;
    if (late > most) complain("outlived its deadline", line_of(record, terms_));
    // A deadline is counted from the beginning of the loop's turn, which a machine that stands still makes long: by the
    // bare timer's lateness, and by what that timer slept before it was due.
    if (record.outcome == Outcome::timeout && late < -2 * most) complain("timed out early", line_of(record, terms_));
  }

  void check_outcome(const Record& record) {
    if (record.outcome == Outcome::ok) return check_success(record);
    if (is_hasty(record)) return check_hasty(record);
    if (may_be_unknown(record)) {
      ++out_.unknown;
      if (was_written_to_victim(record)) return;
      complain("unknown without need", line_of(record, terms_));
    } else {
      complain("an error", line_of(record, terms_));
    }
    ++out_.errors;
  }

  void check_success(const Record& record) {
    const bool late = record.ended > terms_.applied && record.node == terms_.victim;
    if (late && !is_safe(record.kind) && terms_.unknowns == Unknowns::until_new_primary)
      complain("acknowledged by a node that had been replaced", line_of(record, terms_));
  }

  /// It may end before the database has recovered, and then says whether it was written, whoever it was written to.
  void check_hasty(const Record& record) {
    if (may_be_unknown(record)) ++out_.unknown_hasty;
    if (record.outcome != Outcome::timeout && record.outcome != Outcome::outcome_unknown)
      complain("an error", line_of(record, terms_));
  }

  bool was_written_to_victim(const Record& record) const {
    if (record.shard != terms_.shard || record.node != terms_.victim) return false;
    switch (terms_.unknowns) {
      case Unknowns::none:
        return false;
      case Unknowns::until_loss_seen:
        return record.submitted <= loss_seen_.at(record.controller);
      case Unknowns::until_new_primary:
        return record.submitted <= terms_.applied;
    }
    return false;
  }

  void note_answer(const Record& record) {
    if (record.outcome != Outcome::ok) return;
    const Duration took = record.ended - record.submitted;
    if (record.shard == terms_.shard) {
      if (record.submitted < terms_.struck) return;
      const Duration since = record.ended - terms_.struck;
      out_.first_answer = std::min(out_.first_answer.value_or(since), since);
    } else if (record.ended < terms_.struck) {
      before_.push_back(took);
    } else if (record.submitted < terms_.settled) {
      meanwhile_.push_back(took);
    }
  }

  /// Wide bounds, because a machine that others use too adds noise; what a blocked loop costs is far beyond.
  void compare_latencies() {
    const Latency before = out_.before = latency_of(std::move(before_));
    const Latency meanwhile = out_.meanwhile = latency_of(std::move(meanwhile_));
    if (before.calls == 0 || meanwhile.calls == 0) complain("nothing to compare", "no calls to other shards");
    if (meanwhile.p90 > 3 * before.p90 + 20ms)
      complain("other shards were slowed down", "p90 " + ms(meanwhile.p90) + ", before " + ms(before.p90));
    if (meanwhile.worst > 3 * before.worst + 100ms + 2 * terms_.bare_lateness + terms_.bare_call)
      complain("other shards were held up", "worst " + ms(meanwhile.worst) + ", before " + ms(before.worst));
  }

  const std::deque<Record>& records_;
  const Terms& terms_;
  Judgement out_{};
  std::map<std::size_t, TimePoint> loss_seen_;  // by each controller
  std::map<std::string, std::size_t> complaints_;
  std::vector<Duration> before_;
  std::vector<Duration> meanwhile_;
};

}  // namespace

Judgement judge(const std::deque<Record>& records, const Terms& terms) {
  return Trial(records, terms).run();
}

std::map<std::size_t, Count> counts(const std::deque<Record>& records) {
  std::map<std::size_t, Count> out;
  for (const Record& record : records) {
    if (record.kind != Kind::increment) continue;
    Count& count = out[record.key];
    count.shard = record.shard;
    count.acknowledged += record.outcome == Outcome::ok;
    count.unknown += record.outcome == Outcome::outcome_unknown;
  }
  return out;
}

std::string miscounted(const std::string& key, const Count& count, long long value, bool lossy) {
  const bool too_few = !lossy && value < count.acknowledged;
  const bool too_many = value > count.acknowledged + count.unknown;
  if (!too_few && !too_many) return {};
  return key + " on shard " + std::to_string(count.shard) + " is " + std::to_string(value) + " after " +
         std::to_string(count.acknowledged) + " acknowledged and " + std::to_string(count.unknown) +
         " unknown increments";
}

}  // namespace dbha::test
