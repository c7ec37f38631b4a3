#pragma once
/// Marks (R6): on each partition the newest change that may have lost acknowledged writes. Events come from marks,
/// never from the difference of two topologies: a failover A -> B -> A between two looks leaves the same owner and
/// still lost writes (C5).

#include <functional>
#include <string_view>

#include <dbha/topology.hpp>

namespace dbha {

/// Whether two marks name the same change: equal streams of writes, or the same (epoch, count, owner) with one stream
/// not yet known.
bool same_event(const Mark& a, const Mark& b);

/// The stream of writes without what next_mark() added to tell its changes apart.
std::string_view stream_of(const ReplId& replid);

/// The order by which marks join: (epoch, count, owner, replid); cause and times are payload.
bool newer(const Mark& a, const Mark& b);

/// The mark of a change that happened now: the epoch never falls, and the count tells changes of one epoch apart.
/// `replid` is the new owner's, empty while it has not said it. A replid that already is the old mark's although the
/// owner changed cannot name the new change, so the epoch is added to it, and the count where even that is the old one.
Mark next_mark(const Mark* old, const Claim& claim, const ReplId& replid, Cause cause);

/// The stream of writes that a node has now; nothing if that is not known.
using PresentStream = std::function<ReplId(const NodeId&)>;

/// Marks join partition by partition, apart from the claims; what only one of them knows stays. Of one and the same
/// mark a known loss wins over an unknown one, `possible` over `none`. Of two that differ in their stream alone the one
/// wins whose stream is the owner's present one: a detector without a memory counts anew, so that what it says of a
/// restart in place ranks with what was said before.
PartitionMap<Mark> join_marks(const PartitionMap<Mark>& a, const PartitionMap<Mark>& b, const PresentStream& present);

/// What has been handled once the events due for `marks` have been told. A mark that is another event replaces the old
/// one even where it is lower (a detector that lost its store starts to count anew): keeping the greater one would make
/// the same event due again after each topology.
PartitionMap<Mark> handle_marks(const PartitionMap<Mark>& handled, const PartitionMap<Mark>& marks);

/// The partitions whose mark in `marks` is another event than in `handled`.
PartitionSet due(const PartitionMap<Mark>& marks, const PartitionMap<Mark>& handled);

}  // namespace dbha
