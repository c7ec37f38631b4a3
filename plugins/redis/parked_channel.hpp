#pragma once
/// A sharded channel nobody publishes on, kept on a primary for the moment it goes away.
///
/// The problem: Redis pushes no news of a demotion, so the old primary of a graceful failover must be asked again and
/// again. But it drops sharded channels of slots that it loses, and says so to their subscribers (`sunsubscribe`): the
/// one push there is. So we subscribe to a channel whose slot the primary owns, its last one, because resharding
/// usually takes slots from the front. It needs a connection of its own, as a RESP2 subscriber may run nothing else.
///
/// Only a hint, and only an addition: before Redis 7, or where the ACL forbids it, detection goes on without.

#include <functional>
#include <optional>
#include <string>

#include <dbha/context.hpp>

#include "redis/link.hpp"

namespace dbha::redis {

/// Loop thread only.
class ParkedChannel final : private Link::Listener {
 public:
  static constexpr char acl_rule[] = "+ssubscribe &dbha:parked:*";
  struct Told {
    std::function<void(Partition)> dropped;  ///< the node has dropped the channel of that slot
    std::function<void()> forbidden;         ///< the ACL lacks acl_rule; tried again with the next connection
    std::function<void()> parked;
  };

  ParkedChannel(EventLoop& loop, Log& log, Connection::Settings settings, Told told);

  /// Parks a channel, or another one, if the view needs it: the node is a primary, owns slots, and the slot of the
  /// present channel is none of them. Closes the connection if the node is a replica or owns nothing.
  void follow(const View& view);
  /// Closes the connection and forgets that the node has refused; the next follow() begins anew.
  void close();

 private:
  void on_link_opened(Connection& connection) override;
  void on_link_up() override {}
  void on_link_lost(CloseReason, const std::string&, bool) override {}
  void on_link_replaced(Connection& connection) override;
  void on_link_push(Value push) override;

  void subscribe(Connection& connection);
  void on_refusal(const std::string& error);

  EventLoop& loop_;
  Log& log_;
  const Connection::Settings settings_;
  const Told told_;
  std::optional<Partition> slot_;  // of the channel that is parked, or on its way
  bool refused_ = false;
  bool open_ = false;         // whether link_ is in use
  std::optional<Link> link_;  // a closed one stays until it is replaced: we may be inside one of its calls
};

/// A channel whose name hashes to the slot.
std::string channel_of(Partition slot);

}  // namespace dbha::redis
