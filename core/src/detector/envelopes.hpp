#pragma once
/// R3: what others hold of topologies that this detector never held. It lost its store, or was away; without them it
/// would publish under a generation that nobody follows, or without the marks of what was lost before (C14, C4). A
/// version is only a name: a generation without an envelope that bears it out is ignored, because one forged word must
/// not stop a fleet.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "topology/join.hpp"

namespace dbha {

class Envelopes {
 public:
  /// Asked in one beat, at most; more holders hold the same.
  static constexpr std::size_t most_asked = 16;

  /// This version needs no asking for: it was published here, or is in hand.
  void know(const Version& version);
  /// Somebody says that it holds this version. `own`: what this detector has published.
  void named(const std::string& holder, const Version& version, const Version& own);
  /// What was asked for, as its detector published it. True if it is to be joined; of a lower generation nothing is.
  bool take(const Publication& publication, const Version& own);
  /// All that came, for the join: nobody of them counts as live for it.
  std::vector<Heard> heard() const;
  /// What came is part of what is published now.
  void joined() { held_.clear(); }

  /// Once a second: whom to ask in the next beats. Who does not answer three times is not asked for that version again.
  void turn(const Version& own, TimePoint now);
  const std::vector<std::string>& wanted() const { return wanted_; }
  /// The highest generation that anybody named: not verified, good only for a human's reset.
  std::uint64_t highest_named() const { return highest_named_; }

 private:
  struct Wish {
    Version version;
    unsigned tries = 0;
  };
  bool news(const Version& version, const Version& own) const;

  std::deque<Version> known_;  ///< the latest; an old one would be asked for once more and change nothing
  std::map<std::string, Wish> wishes_;
  std::vector<Publication> held_;
  std::vector<std::string> wanted_;
  std::optional<TimePoint> turned_;
  std::uint64_t highest_named_ = 0;
};

}  // namespace dbha
