#include "mirror/inquiry.hpp"

#include <algorithm>
#include <utility>

namespace dbha::mirror {
namespace {

/// What is behind the rate by less is sent at once: a sleep may take a millisecond too long.
constexpr Duration burst = std::chrono::milliseconds(20);

TimePoint now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Inquiry::Inquiry(InquiryLimits limits, Log& log) : limits_(limits), log_(log) {}

Inquiry::~Inquiry() = default;

void Inquiry::ask(std::size_t entries, Ask ask, Answer answer) {
  while (under_way_.size() >= limits_.under_way) handle_answers(TimePoint::max());
  pace(entries);
  const std::uint64_t number = ++last_;
  const auto at = under_way_.emplace(number, Question{entries, std::move(ask), std::move(answer), now()}).first;
  send(number, at->second);
}

void Inquiry::finish() {
  while (!under_way_.empty()) handle_answers(TimePoint::max());
}

void Inquiry::stop() {
  const std::lock_guard lock(answers_->mutex);
  answers_->stopped = true;
  answers_->changed.notify_all();
}

void Inquiry::send(std::uint64_t number, Question& question) {
  question.ask([answers = answers_, number](BatchResult result) {
    const std::lock_guard lock(answers->mutex);
    answers->come.emplace_back(number, std::move(result));
    answers->changed.notify_all();
  });
}

void Inquiry::rest(TimePoint until) {
  while (now() < until) handle_answers(until);
}

std::size_t Inquiry::batch() const {
  constexpr double most = 128;
  return static_cast<std::size_t>(limits_.rate <= 0 ? most : std::clamp(limits_.rate / 20, 1.0, most));
}

/// No second has more than the rate: that is what goes on at an even pace, what is made up for a sleep that was too
/// long, and one batch.
double Inquiry::even_pace() const {
  const double burst_s = std::chrono::duration<double>(burst).count();
  return std::max(limits_.rate - static_cast<double>(batch()), limits_.rate / 2) / (1 + burst_s);
}

void Inquiry::pace(std::size_t entries) {
  if (limits_.rate <= 0) return;
  next_free_ = std::max(next_free_, now() - burst);
  rest(next_free_);
  next_free_ +=
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(static_cast<double>(entries) / even_pace()));
}

/// Handles what has come; if nothing has, waits for something, until then at most.
void Inquiry::handle_answers(TimePoint until) {
  if (!paused_.empty()) until = std::min(until, paused_.begin()->first);
  std::vector<std::pair<std::uint64_t, BatchResult>> come;
  {
    std::unique_lock lock(answers_->mutex);
    const auto ready = [&] { return answers_->stopped || !answers_->come.empty(); };
    if (until == TimePoint::max()) {
      answers_->changed.wait(lock, ready);
    } else {
      answers_->changed.wait_until(lock, until, ready);
    }
    if (answers_->stopped) throw Stopped{};
    come.swap(answers_->come);
  }
  for (const auto& [number, result] : come) handle(number, result);
  ask_again();
}

void Inquiry::handle(std::uint64_t number, const BatchResult& result) {
  const auto at = under_way_.find(number);
  if (!result.ok()) {
    Question& question = at->second;
    if (limits_.give_up > Duration{} && now() - question.asked >= limits_.give_up) throw Unanswered{result.detail};
    question.pause =
        question.pause == Duration{} ? limits_.first_pause : std::min(2 * question.pause, limits_.longest_pause);
    paused_.emplace(now() + question.pause, number);
    if (!std::exchange(failing_, true)) log_.warning("mirror_question_unanswered", {{"reason", result.detail}});
    return;
  }
  failing_ = false;
  const Answer answer = std::move(at->second.answer);
  under_way_.erase(at);
  answer(result);
}

void Inquiry::ask_again() {
  while (!paused_.empty() && paused_.begin()->first <= now()) {
    const std::uint64_t number = paused_.begin()->second;
    paused_.erase(paused_.begin());
    send(number, under_way_.at(number));
  }
}

}  // namespace dbha::mirror
