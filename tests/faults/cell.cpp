#include "cell.hpp"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>

#include "bare_calls.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t shards_used = 3;
/// How many calls show what is usual, and that a shard is in use again.
constexpr std::size_t usual_calls = 500;
constexpr std::size_t calls_again = 50;

double ms(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class Cell {
 public:
  Cell(Testbed& bed, const Fault& fault, const Load& load, std::size_t shard)
      : bed_(bed), fault_(fault), load_(load), blow_(blow_on(shard)) {}

  std::string play() {
    INFO(fault_.name << " on shard " << blow_.shard << " x " << load_.name);
    begin();
    const auto struck = std::chrono::steady_clock::now();
    const auto port = bed_.port(blow_.victim);
    fault_.strike(blow_);
    add_load();
    const auto applied = fault_.outcome(blow_);
    const auto restart = fault_.restart(blow_);
    wait_for_answers(blow_.shard, calls_again);
    const auto settled = std::chrono::steady_clock::now();
    end();
    const auto records = ledger_->records();
    const auto judgement = judge(records, {.shard = blow_.shard,
                                           .victim = port,
                                           .struck = struck,
                                           .applied = applied,
                                           .settled = settled,
                                           .unknowns = fault_.unknowns,
                                           .bare_call = bare_calls_->worst(),
                                           .bare_lateness = bed_.bare_timer().worst()});
    print(judgement);
    INFO((judgement.complaints.empty() ? "" : bed_.logs()));
    CHECK(judgement.complaints == std::vector<std::string>{});
    fault_.heal(blow_);
    bed_.wait_whole();
    check_counters(records);
    return restart;
  }

 private:
  Blow blow_on(std::size_t shard) {
    const auto victim = bed_.primary(shard);
    const auto replicas = bed_.cluster().replicas_of(victim);
    return {.bed = bed_,
            .shard = shard,
            .victim = victim,
            .heir = replicas.empty() ? victim : replicas.front(),
            .ledger = *ledger_};
  }

  Caller& add_caller(RecordedController& app, std::size_t shard, Duration deadline, Mix mix) {
    const std::size_t controller = &app == &bed_.idle() ? 1 : 0;
    Keys keys{.controller = controller, .shard = shard, .name = bed_.new_key(shard), .counter = bed_.new_key(shard)};
    callers_.push_back(std::make_shared<Caller>(*app, ledger_, std::move(keys), deadline, mix));
    return *callers_.back();
  }

  void begin() {
    const Mix mix = load_.mix;
    for (std::size_t i = 0; i < load_.callers; ++i)
      add_caller(bed_.busy(), i % shards_used, usual_deadline, mix).start();
    for (std::size_t other = 1; other < shards_used && load_.callers == 0; ++other)
      add_caller(bed_.busy(), (blow_.shard + other) % shards_used, usual_deadline, mix).start();
    for (const auto deadline : {200ms, 1000ms}) add_caller(bed_.busy(), blow_.shard, deadline, mix).start();
    if (load_.idle) add_caller(bed_.idle(), blow_.shard, usual_deadline, mix).submit_one();
    const std::vector<std::size_t> others{bed_.primary((blow_.shard + 1) % 3), bed_.primary((blow_.shard + 2) % 3)};
    bare_calls_.emplace(bed_.cluster(), others);
    for (std::size_t shard = 0; shard < shards_used; ++shard) wait_for_answers(shard, usual_calls);
  }

  void add_load() {
    if (load_.idle) {
      Caller& caller = add_caller(bed_.idle(), blow_.shard, usual_deadline, load_.mix);
      for (int one_of_each = 0; one_of_each < 4; ++one_of_each) caller.submit_one();
    }
    constexpr std::size_t keys = 20;
    for (std::size_t i = 0; i < keys && load_.queued > 0; ++i) {
      Caller& caller = add_caller(bed_.busy(), blow_.shard, usual_deadline, load_.mix);
      for (std::size_t n = 0; n < load_.queued / keys; ++n) caller.submit_one();
    }
  }

  void wait_for_answers(std::size_t shard, std::size_t more) {
    const auto wanted = ledger_->answered(shard) + more;
    const bool came = lab::wait_until(patience, [&] { return ledger_->answered(shard) >= wanted; });
    INFO("shard " << shard << " answers" << (came ? "" : bed_.logs()));
    REQUIRE(came);
  }

  /// Every call ends by its deadline. One that does not is left to judge().
  void end() {
    for (const auto& caller : callers_) caller->stop();
    lab::wait_until(usual_deadline + 2s, [&] { return ledger_->under_way() == 0; });
  }

  void check_counters(const std::deque<Record>& records) {
    const auto keys = ledger_->keys();
    std::vector<std::string> wrong;
    for (const auto& [key, count] : counts(records)) {
      const auto& name = keys[key];
      const auto value = bed_.cluster().value_at(bed_.cluster().primary_of(lab::slot_of(name)), name);
      const bool lossy = fault_.lossy && count.shard == blow_.shard;
      auto complaint = miscounted(name, count, value.empty() ? 0 : std::stoll(value), lossy);
      if (!complaint.empty()) wrong.push_back(std::move(complaint));
    }
    CHECK(wrong == std::vector<std::string>{});
  }

  void print(const Judgement& judged) const {
    std::printf(
        "%-33s x %-21s %6zu calls, %zu errors, %zu unknown (%zu hasty), first answer %.0f ms, latest end %+.1f ms "
        "(bare "
        "%.1f), others p50 %.2f -> %.2f, p90 %.2f -> %.2f, worst %.1f -> %.1f ms (bare %.1f)\n",
        fault_.name.c_str(), load_.name.c_str(), judged.calls, judged.errors, judged.unknown, judged.unknown_hasty,
        ms(judged.first_answer.value_or(Duration(0))), ms(judged.lateness), ms(bed_.bare_timer().worst()),
        ms(judged.before.half), ms(judged.meanwhile.half), ms(judged.before.p90), ms(judged.meanwhile.p90),
        ms(judged.before.worst), ms(judged.meanwhile.worst), ms(bare_calls_->worst()));
    std::fflush(stdout);
  }

  Testbed& bed_;
  const Fault& fault_;
  const Load& load_;
  std::shared_ptr<Ledger> ledger_ = std::make_shared<Ledger>();
  Blow blow_;
  std::optional<BareCalls> bare_calls_;
  std::vector<std::shared_ptr<Caller>> callers_;
};

}  // namespace

std::string play(Testbed& bed, const Fault& fault, const Load& load, std::size_t shard) {
  return Cell(bed, fault, load, shard).play();
}

}  // namespace dbha::test
