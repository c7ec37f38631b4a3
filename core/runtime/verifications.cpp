#include "runtime/verifications.hpp"

#include <exception>
#include <utility>

namespace dbha {
namespace {

using nlohmann::json;

constexpr Difference::Kind kinds[] = {Difference::Kind::missing, Difference::Kind::older, Difference::Kind::newer,
                                      Difference::Kind::unknown, Difference::Kind::resurrected};

json json_of(const std::string& name, const VerifiedTable& table) {
  json out = {{"table", name}, {"compared", table.compared}, {"waiting", table.waiting}};
  for (const auto kind : kinds) out[text_of(kind)] = table.of(kind);
  return out;
}

json json_of(const Difference& difference) {
  const auto version = [](std::uint64_t v) { return v == 0 ? json() : json(v); };
  return {{"kind", text_of(difference.kind)},        {"table", difference.name.table},
          {"topic", difference.name.topic},          {"key", difference.name.key},
          {"partition", difference.partition.value}, {"here", version(difference.here)},
          {"in_database", version(difference.there)}};
}

json json_of(const std::string& handler, const VerifyReport& report) {
  json out = {{"handler", handler}, {"failure", report.failure}};
  out["tables"] = out["examples"] = json::array();
  for (const auto& [name, table] : report.tables) out["tables"].push_back(json_of(name, table));
  for (const auto& example : report.examples) out["examples"].push_back(json_of(example));
  return out;
}

json nothing(std::uint64_t id) {
  return {{"verify", nullptr}, {"reason", "there is no comparison " + std::to_string(id) + " any more"}};
}

/// A handler's exception is a finding about this handler.
VerifyReport verified(Verifier& verifier, const VerifyRequest& request, const std::stop_token& stop,
                      const std::function<void(const Progress&)>& tell) {
  try {
    return verifier.verify(request, stop, tell);
  } catch (const std::exception& e) {
    VerifyReport out;
    out.failure = e.what();
    return out;
  }
}

}  // namespace

struct Verifications::Run {
  std::uint64_t id = 0;
  mutable std::mutex mutex;
  bool done = false;
  std::string handler;  ///< whose turn it is
  Progress progress;
  json finished = json::array();
  std::jthread thread;  ///< ends first: it uses the above

  void verify(const std::vector<Handler>& handlers, const VerifyRequest& request, const std::stop_token& stop) {
    for (const auto& [name, verifier] : handlers) {
      begin(name);
      const auto report = verified(*verifier, request, stop, [this](const Progress& at) {
        const std::lock_guard lock(mutex);
        progress = at;
      });
      const std::lock_guard lock(mutex);
      finished.push_back(json_of(name, report));
    }
    const std::lock_guard lock(mutex);
    done = true;
  }

  void begin(const std::string& name) {
    const std::lock_guard lock(mutex);
    handler = name;
    progress = {};
  }

  bool over() const {
    const std::lock_guard lock(mutex);
    return done;
  }

  json state() const {
    const std::lock_guard lock(mutex);
    if (done) return {{"verify", id}, {"done", true}, {"handlers", finished}};
    return {{"verify", id},
            {"done", false},
            {"handler", handler},
            {"progress", {{"doing", progress.doing}, {"done", progress.done}, {"total", progress.total}}}};
  }
};

Verifications::Verifications(EventLoop& loop) : loop_(loop) {}
Verifications::~Verifications() = default;

std::optional<std::uint64_t> Verifications::begin(const std::vector<Handler>& handlers, const VerifyRequest& request) {
  if (run_ && !run_->over()) return std::nullopt;
  asked_ = loop_.now();
  run_ = std::make_unique<Run>();
  run_->id = ++last_;
  run_->thread = std::jthread(
      [run = run_.get(), handlers, request](const std::stop_token& stop) { run->verify(handlers, request, stop); });
  gone_ = Timer(loop_, asker_gone_after, [this] { return look_after_asker(); });
  return last_;
}

json Verifications::state(std::uint64_t id) {
  if (!run_ || run_->id != id) return nothing(id);
  asked_ = loop_.now();
  return run_->state();
}

json Verifications::running() const {
  return run_ && !run_->over() ? run_->state() : json();
}

json Verifications::stop(std::uint64_t id) {
  if (!run_ || run_->id != id) return nothing(id);
  run_->thread.request_stop();
  return run_->state();
}

/// Returns after how long to look again; not at all where it has ended.
std::optional<Duration> Verifications::look_after_asker() {
  if (run_->over()) return std::nullopt;
  const Duration silent = loop_.now() - asked_;
  if (silent < asker_gone_after) return asker_gone_after - silent;
  run_->thread.request_stop();
  return std::nullopt;
}

}  // namespace dbha
