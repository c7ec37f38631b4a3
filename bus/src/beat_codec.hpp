#pragma once
/// Beats to and from their message. Pure.

#include <dbha/bus.hpp>

#include "checks.hpp"
#include "proto/dbha.pb.h"

namespace dbha::bus {

void write(const Beat& from, const Publication& held, wire::Beat& to);
/// `held` may be nullptr. Does not touch the stamp.
Refusal read(const wire::Beat& from, const Publication* held, Beat& to);

}  // namespace dbha::bus
