#pragma once
/// Those who call while something breaks.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <dbha/controller.hpp>

#include "ledger.hpp"

namespace dbha::test {

/// Which kinds of calls, in turns.
enum class Mix { all, increments };

/// Keys of one caller, all in one range of slots of a shard.
struct Keys {
  std::size_t controller = 0;  ///< see Record
  std::size_t shard = 0;
  std::string name;     ///< of SET and GET
  std::string counter;  ///< of INCR
};

/// Has one call under way all the time: the next one is submitted when one ends. So it is held up by what holds up its
/// shard, and by nothing else.
class Caller : public std::enable_shared_from_this<Caller> {
 public:
  /// The controller must outlive its calls.
  Caller(Controller& controller, std::shared_ptr<Ledger> ledger, Keys keys, Duration deadline, Mix mix);

  /// From now on, until stop(). The calls hold the caller.
  void start() { submit(true); }
  /// The call under way is the last.
  void stop() { stopped_ = true; }
  /// Submits one more call, whether or not others are under way.
  void submit_one() { submit(false); }

 private:
  void submit(bool more);
  Kind next_kind();

  Controller& controller_;
  std::shared_ptr<Ledger> ledger_;
  Keys keys_;
  std::size_t name_;
  std::size_t counter_;
  Duration deadline_;
  Mix mix_;
  unsigned number_ = 0;
  std::atomic<bool> stopped_ = false;
};

}  // namespace dbha::test
