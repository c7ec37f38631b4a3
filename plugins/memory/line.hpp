#pragma once
/// A client's line to the database: what it says is carried out on the server's thread, what comes back arrives on its
/// loop, and nothing does after it was closed.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/event_loop.hpp>

#include "memory/mailbox.hpp"
#include "memory/server.hpp"

namespace dbha::memory {

/// Loop thread only. The functions given to it travel to the server's thread and may end there: they may capture
/// pointers and values, nothing whose end matters.
class Line {
 public:
  struct Answer {
    View view;
    bool synced = false;  ///< of a replica
  };

  Line(std::shared_ptr<Server> server, EventLoop& loop);
  ~Line() { close(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Asks a node for its view; counted under the name of the process. nullopt: the node is gone.
  void ask(const Endpoint& endpoint, const std::string& process,
           const std::function<void(std::optional<Answer>)>& answer);
  void call(const Endpoint& endpoint, std::vector<std::string> args,
            const std::function<void(std::optional<Value>)>& answer);
  /// "MEMORY ...", for the database as a whole.
  void order(std::vector<std::string> args, const std::function<void(Value)>& answer);
  /// Once.
  void observe(Cluster::Observer observer);
  /// Runs the task when the present one has returned.
  void later(std::function<void()> task) { mailbox_->deliver(std::move(task)); }
  void close();

 private:
  std::shared_ptr<Server> server_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<Cluster::ObserverId> observer_ = std::make_shared<Cluster::ObserverId>();  // server's thread only
  bool open_ = true;
};

}  // namespace dbha::memory
