#pragma once
/// What a consistency handler plugin implements.

#include <memory>

#include <dbha/context.hpp>
#include <dbha/events.hpp>

namespace dbha {

/// Told of events on a thread of its own, one at a time. An event is stored before it is delivered and struck off after
/// handle() has returned true; after a crash in between it comes again, so handling must be idempotent.
class ConsistencyHandler {
 public:
  virtual ~ConsistencyHandler() = default;
  /// True: done. False: it failed and is to be delivered again.
  virtual bool handle(const Event& event) = 0;
};

}  // namespace dbha
