#pragma once
/// What detectors publish, to and from the envelope in which it travels. Pure.

#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include <dbha/bus.hpp>

#include "checks.hpp"

namespace dbha::bus {

std::string encode(std::string_view cluster, const Publication& publication);
/// `held` is what the publisher published last (its topology may be null): nodes in reach are bits in its list of
/// nodes, where `beat.version` names it. The order of `beat.reach` is not kept.
std::string encode(std::string_view cluster, const Beat& beat, const Publication& held);

using Downstream = std::variant<Publication, Beat>;
/// The last publication received of that detector, nullptr if there is none.
using HeldOf = std::function<const Publication*(const std::string& detector)>;

/// `to` is unspecified if refused. A beat about another topology than the one held of its detector comes with an empty
/// reach.
Refusal decode(std::string_view envelope, std::string_view cluster, const HeldOf& held_of, Downstream& to);

}  // namespace dbha::bus
