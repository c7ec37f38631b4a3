#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <dbha/events.hpp>

namespace dbha {

/// A handler whose events somebody else does, who is reached in another way than by a call: its thread waits here.
class Handover {
 public:
  /// Called on the handler's thread: has the event brought to whoever does it, and sees to it that finish() comes.
  using Give = std::function<void(const Event&)>;

  explicit Handover(Give give) : give_(std::move(give)) {}

  /// The handler. Returns true when the event is done; throws Error with the reason when it failed.
  bool handle(const Event& event);
  /// Any thread: the event is done, or failed with a reason.
  void finish(std::optional<std::string> failure);
  /// Any thread: from now on handle() waits for nobody.
  void stop();

 private:
  struct Outcome {
    std::optional<std::string> failure;
  };
  Give give_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Outcome> outcome_;
  bool stopped_ = false;
};

}  // namespace dbha
