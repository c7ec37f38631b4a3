#include "runtime/self_reader.hpp"

namespace dbha {
namespace {

/// The first question may come before the connection is up.
constexpr unsigned tries = 5;
constexpr Duration pause = std::chrono::milliseconds(100);

/// One connection to each node, and no command but what the view takes.
Signals no_signals() {
  Signals out;
  for (const auto signal : all_signals) out.set(signal, false);
  return out;
}

}  // namespace

SelfReader::SelfReader(EventLoop& loop, Backend& backend, const std::vector<Endpoint>& first, Duration probe_timeout,
                       Duration limit, Done done)
    : loop_(loop),
      read_(first.empty() ? backend.seeds() : first, backend.traits().partitions, backend.traits().voters),
      done_(std::move(done)) {
  source_ = backend.open_source(*this, probe_timeout);
  source_->use(no_signals());
  limit_ = Timer(loop, limit, [this] { return finish(), std::nullopt; });
  go_on();
}

void SelfReader::on_view(View view) {
  read_.on_view(std::move(view));
  go_on();
}

void SelfReader::on_no_answer(Endpoint endpoint, Question, TimePoint) {
  if (finished_) return;
  if (++tries_[endpoint] == tries) {
    read_.on_no_answer(endpoint);
    return go_on();
  }
  if (silent_.empty()) again_ = Timer(loop_, pause, [this] { return ask_again(), std::nullopt; });
  silent_.insert(std::move(endpoint));
}

void SelfReader::ask_again() {
  for (const auto& endpoint : std::exchange(silent_, {})) source_->ask(endpoint, Question::view);
}

void SelfReader::on_unusable(Endpoint endpoint, std::string reason) {
  reason_ = std::move(reason);
  read_.on_no_answer(endpoint);
  go_on();
}

void SelfReader::go_on() {
  if (finished_) return;
  const auto ask = read_.to_ask();
  source_->set_endpoints(read_.endpoints());
  for (const auto& endpoint : ask) source_->ask(endpoint, Question::view);
  if (read_.finished()) finish();
}

void SelfReader::finish() {
  if (std::exchange(finished_, true)) return;
  source_->set_endpoints({});
  done_(read_, reason_);
}

}  // namespace dbha
