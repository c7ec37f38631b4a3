#pragma once
/// "MOVED 3999 10.0.0.2:6381" and "ASK 3999 10.0.0.2:6381": another node is to be asked.

#include <string_view>

#include <dbha/types.hpp>

#include "redis/parsed.hpp"

namespace dbha::redis {

struct Redirect {
  Partition slot;
  Endpoint to;
  friend bool operator==(const Redirect&, const Redirect&) = default;
};

/// `answering` is the node that said so: its host stands for one that it left out (":6381") or does not know
/// ("?:6381").
Parsed<Redirect> parse_redirect(std::string_view error, const Endpoint& answering);

}  // namespace dbha::redis
