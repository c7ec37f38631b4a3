#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <dbha/backend.hpp>

#include "controller/self_read.hpp"

namespace dbha {

/// Asks all nodes once, and is then done: all its connections close. Loop thread only.
class SelfReader final : TopologySourceListener {
 public:
  /// `done` is called once, with what the nodes said within `limit`, and why some said nothing. It may end the reader
  /// only later.
  using Done = std::function<void(const SelfRead& read, const std::string& reason)>;
  /// `first`: whom to ask, and all that these name; the seeds if it is empty.
  SelfReader(EventLoop& loop, Backend& backend, const std::vector<Endpoint>& first, Duration probe_timeout,
             Duration limit, Done done);

 private:
  void on_view(View view) override;
  void on_role(RoleAnswer) override {}
  void on_epoch(EpochAnswer) override {}
  void on_alive(Endpoint, NodeId, TimePoint, TimePoint) override {}
  void on_no_answer(Endpoint endpoint, Question question, TimePoint asked) override;
  void on_unusable(Endpoint endpoint, std::string reason) override;
  void on_hint(Hint) override {}

  void go_on();
  void finish();
  void ask_again();

  EventLoop& loop_;
  SelfRead read_;
  Done done_;
  std::string reason_ = "no node answers";
  bool finished_ = false;
  std::unique_ptr<TopologySource> source_;
  Timer limit_;
  std::map<Endpoint, unsigned> tries_;
  std::set<Endpoint> silent_;
  Timer again_;
};

}  // namespace dbha
