#include "batch.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

namespace dbha::sim {
namespace {

bool fails(const std::string& group) {
  return group == "lasting" || group == "missed" || group == "broken";
}

}  // namespace

void Tally::add(const Course& course) {
  ++schedules;
  for (const auto& violation : course.violations) {
    classes[violation.kind()] = class_of(violation.breach);
    auto& seeds_of_kind = seeds[violation.kind()];
    const auto place = std::lower_bound(seeds_of_kind.begin(), seeds_of_kind.end(), course.seed);
    if (place == seeds_of_kind.end() || *place != course.seed) seeds_of_kind.insert(place, course.seed);
  }
  for (std::size_t i = 0; i < caused.size(); ++i) caused[i] += course.caused[i];
  settling.push_back(course.settling);
  virtual_time += course.lasted;
  steps += course.steps;
  publications += course.publications;
  events += course.events;
}

std::uint64_t Tally::count(const std::string& group) const {
  std::set<std::uint64_t> out;
  for (const auto& [kind, of] : seeds)
    if (classes.at(kind) == group) out.insert(of.begin(), of.end());
  return out.size();
}

bool Tally::failed() const {
  return first_failure().has_value();
}

std::optional<std::pair<std::uint64_t, std::string>> Tally::first_failure() const {
  std::optional<std::pair<std::uint64_t, std::string>> out;
  for (const auto& [kind, of] : seeds)
    if (fails(classes.at(kind)) && (!out || of.front() < out->first)) out.emplace(of.front(), kind);
  return out;
}

Tally run_batch(const BatchOptions& options, const std::function<void(std::uint64_t done)>& progress) {
  Tally tally;
  std::mutex mutex;
  std::atomic<std::uint64_t> next = 0;
  std::atomic<bool> enough = false;
  const auto work = [&] {
    while (!enough) {
      const std::uint64_t i = next++;
      if (i >= options.schedules) return;
      const Course course = run(schedule_of(options.first_seed + i, options.schedule));
      const std::lock_guard lock(mutex);
      tally.add(course);
      for (const auto& violation : course.violations)
        if (options.stop_at.contains(class_of(violation.breach))) enough = true;
      progress(tally.schedules);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.jobs; ++i) threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();
  return tally;
}

}  // namespace dbha::sim
