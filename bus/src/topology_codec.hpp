#pragma once
/// Topologies, claims and marks to and from their messages. Pure.

#include <dbha/topology.hpp>

#include "checks.hpp"
#include "proto/dbha.pb.h"

namespace dbha::bus {

void write(const Topology& from, wire::Topology& to);
/// `to` is unspecified if refused.
Refusal read(const wire::Topology& from, Topology& to);

void write(const Version& from, wire::Version& to);
Version read(const wire::Version& from);

}  // namespace dbha::bus
