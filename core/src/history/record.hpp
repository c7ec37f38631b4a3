#pragma once
/// What the detector tells of itself: each sign, suspicion, refusal and publication with its evidence, as values. The
/// log's lines and the entries of the history are made of them.

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <dbha/backend.hpp>
#include <dbha/context.hpp>

#include "detector/proof.hpp"

namespace dbha {

/// Something met that makes a shard suspect, or says more of one that is.
struct Sign {
  std::string what;  ///< a kind of hint, "promoted", "demoted" or "no_answer"
  NodeId node;       ///< that it concerns, if known
  Endpoint endpoint;
  std::string detail{};
};

/// How long before a change was published the steps towards it were seen; nothing where there was none.
struct Steps {
  std::optional<Duration> suspected{};  ///< the old owner's shard became suspect,
  std::string sign{};                   ///< by this
  std::optional<Duration> promoted{};   ///< the new owner said that it is primary
  std::optional<Duration> claimed{};    ///< somebody's map showed the claim
};

/// What became of some partitions.
struct ClaimRecord {
  PartitionSet partitions{};
  std::optional<Claim> before{};  ///< none: nothing was published of them yet
  Claim claim{};
  std::optional<Road> road{};  ///< none: it was refused,
  std::string refused{};       ///< because of this
  Proof proof{};
  Steps steps{};
};

struct Record {
  LogLevel level = LogLevel::info;
  std::string event{};   ///< the log's word for it
  std::string detail{};  ///< for people
  std::optional<Sign> sign{};
  NodeId shard{};                     ///< that is suspect
  std::optional<Duration> after{};    ///< since the suspicion, or the publication, that it follows
  std::vector<ClaimRecord> claims{};  ///< with the evidence
};

/// {"what", "detail", "sign", "node", "endpoint", "shard", "after_us", "evidence": [...]}: what is empty is left out.
nlohmann::json to_json(const Record& record);
/// The evidence of a publication or a refusal, of many changes the first few.
nlohmann::json to_json(const std::vector<ClaimRecord>& claims);

}  // namespace dbha
