#pragma once
/// Members of a fleet that do nothing but hear, acknowledge and complain: a thousand real controllers would be more
/// than a test machine bears, and a detector cannot tell them from these.

#include <deque>
#include <memory>
#include <vector>

#include <dbha_bus/subscriber.hpp>

#include "loop/epoll_loop.hpp"
#include "site.hpp"
#include "support/test_log.hpp"

namespace dbha::test {

/// They live on the thread of the test, and only in turn().
class Crowd {
 public:
  Crowd(const Site& site, std::size_t size);

  std::size_t size() const { return members_.size(); }
  /// Each says one hint, about these nodes in turn.
  void complain(const std::vector<NodeId>& about);
  void turn();

 private:
  struct Member final : BusSubscriberListener {
    void on_publication(Publication) override {}
    void on_beat(Beat beat) override;
    void on_snapshot(std::size_t, Snapshot) override {}
    void on_snapshot_refused(std::size_t, Duration) override {}
    void on_garbage(std::string) override {}

    std::string name;
    std::unique_ptr<BusSubscriber> bus{};
  };

  EpollLoop loop_;
  TestLog log_;
  std::deque<bus::Context> contexts_;
  std::deque<Member> members_;  // end first: they use all of the above
  std::size_t complaints_ = 0;
};

}  // namespace dbha::test
