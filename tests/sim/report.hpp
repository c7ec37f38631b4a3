#pragma once

#include <nlohmann/json_fwd.hpp>

#include "batch.hpp"
#include "shrink.hpp"

namespace dbha::sim {

/// "10000 schedules, 0 lasting, 0 missed, 12 spurious (failover mark, reshard: 3, 17), 183 s"
std::string summary_of(const Tally& tally, Duration took);
/// What was tried, and how long it took to settle.
std::string coverage_of(const Tally& tally);
nlohmann::json json_of(const Tally& tally, Duration took);

/// The options by which dbha_sim runs the simplified schedule again.
std::string replay_options(std::uint64_t seed, const ScheduleOptions& options, const Simplification& simplification);
/// The schedule and all that happened.
std::string timeline_of(const Schedule& schedule, const Course& course);
std::string result_of(const Course& course);
nlohmann::json json_of(const Course& course);

}  // namespace dbha::sim
