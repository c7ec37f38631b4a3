#include "violation.hpp"

#include <array>

namespace dbha::sim {
namespace {

struct Row {
  const char* name;
  const char* group;
};

/// In the order of Breach.
constexpr std::array<Row, 19> rows = {{
    {"wrong_owner", "lasting"},
    {"wrong_incarnation", "lasting"},
    {"wrong_digest", "lasting"},
    {"not_well", "lasting"},
    {"missed", "missed"},
    {"lost_write", "missed"},
    {"backwards", "broken"},
    {"unfounded", "broken"},
    {"budget", "broken"},
    {"not_a_join", "broken"},
    {"early", "broken"},
    {"minority", "broken"},
    {"in_tilt", "broken"},
    {"planted", "broken"},
    {"cluster_stuck", "stuck"},
    {"unbroken", "unbroken"},
    {"untold", "untold"},
    {"spurious", "spurious"},
    {"slow", "slow"},
}};

const Row& row(Breach breach) {
  return rows[static_cast<std::size_t>(breach)];
}

}  // namespace

const char* text_of(Breach breach) {
  return row(breach).name;
}

std::optional<Breach> breach_named(const std::string& name) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].name == name) return static_cast<Breach>(i);
  return std::nullopt;
}

const char* class_of(Breach breach) {
  return row(breach).group;
}

bool fails(Breach breach) {
  return breach < Breach::cluster_stuck;
}

std::string Violation::kind() const {
  const std::string name = text_of(breach);
  return breach == Breach::spurious ? name + ' ' + detail.substr(0, detail.find(':')) : name;
}

}  // namespace dbha::sim
