#pragma once

#include <string_view>

#include <dbha/topology.hpp>

#include "checks.hpp"

namespace dbha::bus {

/// Counts the repeated fields of an encoded Content without parsing it. An empty Node takes two bytes on the wire and
/// some 150 in memory, so a message of 16 MB could take a gigabyte before a check of the parsed message came to it.
Refusal check_field_counts(std::string_view content);

}  // namespace dbha::bus
