#pragma once
/// What `dbha verify` asks of the process: its handlers' entries compared with the database.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include <dbha/consistency.hpp>
#include <dbha/event_loop.hpp>
#include <dbha/verifier.hpp>

namespace dbha {

/// One at a time, on a thread of its own: neither the loop nor a handler's events wait for it. It ends by itself when
/// nobody has asked for its state for a while: who began it is gone. Loop thread only.
class Verifications {
 public:
  static constexpr Duration asker_gone_after = std::chrono::seconds(10);

  struct Handler {
    std::string name;
    Verifier* verifier;
  };

  explicit Verifications(EventLoop& loop);
  /// Ends the one that runs, which takes no longer than a look into the handler's own data.
  ~Verifications();

  /// `handlers`, which outlive this, one after another. Returns its number; nothing if one is under way.
  std::optional<std::uint64_t> begin(const std::vector<Handler>& handlers, const VerifyRequest& request);
  /// {"verify": ID, "done": false, "handler", "progress": {"doing", "done", "total"}}, then
  /// {"verify": ID, "done": true, "handlers": [...]}; of the newest one only: {"verify": null, "reason"} else.
  nlohmann::json state(std::uint64_t id);
  /// That of the one which runs; null: none does. For others than who began it.
  nlohmann::json running() const;
  /// It ends soon, and what was counted until then stands in its state.
  nlohmann::json stop(std::uint64_t id);

 private:
  struct Run;
  std::optional<Duration> look_after_asker();

  EventLoop& loop_;
  std::uint64_t last_ = 0;
  TimePoint asked_{};
  std::unique_ptr<Run> run_;  ///< the newest, which may have ended
  Timer gone_;                ///< ends first: it uses the above
};

}  // namespace dbha
