#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace dbha::sim {

/// A process that can be stopped (SIGSTOP): what comes to it meanwhile waits, as in its sockets, and is read at once
/// when it goes on.
class Gate {
 public:
  template <class Input>
  void pass(Input input) {
    if (open_) {
      input();
    } else {
      waiting_.emplace_back(std::move(input));
    }
  }
  bool open() const { return open_; }
  void close() { open_ = false; }
  void reopen() {
    open_ = true;
    for (auto& input : std::exchange(waiting_, {})) input();
  }

 private:
  bool open_ = true;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace dbha::sim
