#pragma once
/// Which value on the wire stands for which value of core. A table each, so that neither side's numbers matter to the
/// other.

#include <optional>
#include <utility>

#include <dbha/bus.hpp>

#include "proto/dbha.pb.h"

namespace dbha::bus {

inline constexpr std::pair<wire::Role, Role> wire_roles[] = {
    {wire::ROLE_UNKNOWN, Role::unknown}, {wire::ROLE_PRIMARY, Role::primary}, {wire::ROLE_REPLICA, Role::replica}};

inline constexpr std::pair<wire::Cause, Cause> wire_causes[] = {{wire::CAUSE_FAILOVER, Cause::failover},
                                                                {wire::CAUSE_RESTART, Cause::restart},
                                                                {wire::CAUSE_OVERRULED, Cause::overruled},
                                                                {wire::CAUSE_START, Cause::start},
                                                                {wire::CAUSE_MANUAL, Cause::manual}};

inline constexpr std::pair<wire::Loss, Loss> wire_losses[] = {
    {wire::LOSS_UNKNOWN, Loss::unknown}, {wire::LOSS_NONE, Loss::none}, {wire::LOSS_POSSIBLE, Loss::possible}};

inline constexpr std::pair<wire::Status, DetectorStatus> wire_statuses[] = {
    {wire::STATUS_STARTING, DetectorStatus::starting},
    {wire::STATUS_OK, DetectorStatus::ok},
    {wire::STATUS_SUSPECT, DetectorStatus::suspect},
    {wire::STATUS_DEGRADED, DetectorStatus::degraded},
    {wire::STATUS_TILT, DetectorStatus::tilt}};

inline constexpr std::pair<wire::HintKind, HintKind> wire_hints[] = {
    {wire::HINT_CONNECTION_LOST, HintKind::connection_lost},
    {wire::HINT_REFUSED, HintKind::refused},
    {wire::HINT_SILENT, HintKind::silent},
    {wire::HINT_DEMOTED, HintKind::demoted},
    {wire::HINT_EPOCH_ROSE, HintKind::epoch_rose},
    {wire::HINT_REDIRECTED, HintKind::redirected},
    {wire::HINT_READ_ONLY, HintKind::read_only},
    {wire::HINT_UNAVAILABLE, HintKind::unavailable}};

/// The number 0 (unspecified, refused by every receiver) for a value that is not in the table.
template <class Table, class Core>
constexpr auto to_wire(const Table& table, Core value) {
  for (const auto& [on_wire, in_core] : table)
    if (in_core == value) return on_wire;
  return decltype(table[0].first)(0);
}

/// Nothing for a value that this version does not know.
template <class Table, class Wire>
constexpr auto from_wire(const Table& table, Wire value) {
  using Core = std::remove_cvref_t<decltype(table[0].second)>;
  for (const auto& [on_wire, in_core] : table)
    if (on_wire == value) return std::optional<Core>(in_core);
  return std::optional<Core>();
}

}  // namespace dbha::bus
