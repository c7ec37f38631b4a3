#include "demo/writer.hpp"

#include <random>
#include <stdexcept>

#include "lab/wait.hpp"

namespace dbha::demo {
namespace {

using namespace std::chrono_literals;

constexpr auto deadline = 10s;
constexpr auto grace = 2s;  // for a loaded machine
/// Of a burst at the longest: above 1000 calls a second several are submitted at a time.
constexpr Duration shortest_pause = 1ms;
constexpr int keys = 100'000;

const char* text_of(Outcome outcome) {
  static constexpr const char* names[] = {"ok", "error_reply", "timeout", "outcome_unknown", "refused", "cancelled"};
  return names[static_cast<int>(outcome)];
}

std::string text_of(const Result& result) {
  std::string out = text_of(result.outcome);
  if (result.outcome == Outcome::error_reply) out += ": " + result.value.text;
  return result.detail.empty() ? out : out + ": " + result.detail;
}

Call set(std::string key, std::string value) {
  return {.key = key, .args = {"SET", key, std::move(value)}, .repeatable = true, .deadline = deadline};
}

}  // namespace

/// Written by the writer's thread and by completions on the controller's.
struct Writer::Tally {
  std::mutex mutex;
  Count count;
  std::uint64_t ended = 0;
};

Writer::Writer(const std::filesystem::path& config, unsigned rate)
    : rate_(rate), controller_(Controller::open(config)), tally_(std::make_shared<Tally>()) {}

Writer::~Writer() = default;

void Writer::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Writer::run(const std::stop_token& stop) {
  const Duration interval = Duration(1s) / rate_;
  TimePoint due = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    for (const auto now = std::chrono::steady_clock::now(); due <= now; due += interval) submit_one();
    const auto next = std::max(due, std::chrono::steady_clock::now() + shortest_pause);
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, stop, next, [] { return false; });
  }
}

void Writer::submit_one() {
  thread_local std::mt19937 random{std::random_device{}()};
  thread_local std::uniform_int_distribution<int> any_key(0, keys - 1);
  std::shared_ptr<Tally> tally;
  {
    const std::lock_guard lock(mutex_);
    tally = tally_;
    const std::lock_guard counting(tally->mutex);
    ++tally->count.calls;
  }
  controller_->submit(set("demo:" + std::to_string(any_key(random)), "written"), [tally](const Result& result) {
    const std::lock_guard counting(tally->mutex);
    ++tally->ended;
    if (result.ok()) return;
    if (tally->count.errors++ == 0) tally->count.first_error = text_of(result);
  });
}

Writer::Count Writer::take_count() {
  auto tally = std::make_shared<Tally>();
  {
    const std::lock_guard lock(mutex_);
    std::swap(tally, tally_);
  }
  const auto all_ended = [&] {
    const std::lock_guard counting(tally->mutex);
    return tally->ended == tally->count.calls;
  };
  if (!lab::wait_until(deadline + grace, all_ended))
    throw std::runtime_error("a call of the writer has not ended, although its deadline of 10 s has passed");
  const std::lock_guard counting(tally->mutex);
  return tally->count;
}

Result Writer::write(const std::string& key, const std::string& value) {
  auto future = controller_->call(set(key, value));
  const auto ended = [&] { return future.wait_for(0s) == std::future_status::ready; };
  if (!lab::wait_until(deadline + grace, ended))
    throw std::runtime_error("the call SET " + key + " has not ended, although its deadline of 10 s has passed");
  return future.get();
}

}  // namespace dbha::demo
