#pragma once
/// Lives of nodes that others have told of (C8). A peer's topology may name a life that an own answer of a moment ago
/// does not know, and no list of predecessors says which came first: whoever has just begun has none. An answer to a
/// question asked after the life was heard of is of that one or of a later one; any other may be of an earlier one, and
/// would make the dead life succeed the living one for ever.

#include <map>

#include <dbha/topology.hpp>

namespace dbha {

class HeardLives {
 public:
  /// `published`: what was published here; null before the first. Only lives that it does not name are news.
  void hear(const Topology& joined, const Topology* published, TimePoint now);
  /// Whether the answer is of another life than the one heard of, and was not asked for since.
  bool outdates(const View& view) const;

 private:
  struct Life {
    RunId run_id;
    TimePoint heard;
  };
  std::map<NodeId, Life> lives_;
};

}  // namespace dbha
