#include "shrink.hpp"

#include <algorithm>

namespace dbha::sim {
namespace {

class Shrinker {
 public:
  Shrinker(const Schedule& schedule, std::string kind, RunOptions options)
      : schedule_(schedule), kind_(std::move(kind)), options_(std::move(options)) {}

  Simplification run() {
    surroundings();
    while (fewer_faults()) {
    }
    surroundings();
    return best_;
  }

 private:
  bool keep_if_it_fails(const Simplification& candidate) {
    const Course course = sim::run(simplified(schedule_, candidate), options_);
    const bool same = std::any_of(course.violations.begin(), course.violations.end(),
                                  [&](const Violation& v) { return v.kind() == kind_; });
    if (same) best_ = candidate;
    return same;
  }

  void surroundings() {
    Simplification candidate = best_;
    candidate.calm_bus = true;
    if (!best_.calm_bus) keep_if_it_fails(candidate);
    candidate = best_;
    candidate.small_cluster = true;
    if (!best_.small_cluster) keep_if_it_fails(candidate);
    candidate = best_;
    candidate.controllers = 1;
    if (!best_.controllers) keep_if_it_fails(candidate);
    fewer_detectors();
  }

  void fewer_detectors() {
    for (std::size_t detectors = 1; detectors < best_.detectors.value_or(schedule_.detectors); ++detectors) {
      Simplification candidate = best_;
      candidate.detectors = detectors;
      if (keep_if_it_fails(candidate)) return;
    }
  }

  bool fewer_faults() {
    bool fewer = false;
    for (std::size_t fault = 0; fault < schedule_.faults.size(); ++fault) {
      Simplification candidate = best_;
      if (candidate.without.insert(fault).second) fewer |= keep_if_it_fails(candidate);
    }
    return fewer;
  }

  const Schedule& schedule_;
  std::string kind_;
  RunOptions options_;
  Simplification best_;
};

}  // namespace

Shrunk shrink(const Schedule& schedule, const std::string& kind, const RunOptions& options) {
  Shrunk out;
  out.simplification = Shrinker(schedule, kind, options).run();
  RunOptions verbose = options;
  verbose.verbose = true;
  out.course = run(simplified(schedule, out.simplification), verbose);
  return out;
}

}  // namespace dbha::sim
