#include "redis/link.hpp"

#include <utility>

namespace dbha::redis {

Link::Link(EventLoop& loop, Connection::Settings settings, Listener& listener)
    : loop_(loop), settings_(std::move(settings)), listener_(listener) {
  open_after(Duration(0));  // not here: the listener is still being made
}

Link::~Link() {
  close();
}

void Link::close() {
  retry_.reset();
  rival_.reset();
  current_.reset();
}

std::unique_ptr<Connection> Link::connect() {
  Connection::Listener& self = *this;
  return std::make_unique<Connection>(loop_, settings_, self);
}

void Link::open() {
  current_ = connect();
  up_since_.reset();
  listener_.on_link_opened(*current_);
}

void Link::open_after(Duration delay) {
  retry_ = Timer(loop_, delay, [this]() -> std::optional<Duration> {
    open();
    return std::nullopt;
  });
}

void Link::doubt() {
  const auto now = loop_.now();
  if (!current_ || rival_ || current_->state() != Connection::State::up || now < next_rival_) return;
  if (now - current_->last_heard() < silent_after) return;
  next_rival_ = now + silent_after;
  rival_ = connect();
}

void Link::on_up(Connection& connection) {
  up_since_ = loop_.now();
  if (&connection == current_.get()) {
    listener_.on_link_up();
    return;
  }
  current_ = std::exchange(rival_, nullptr);
  listener_.on_link_replaced(*current_);
}

void Link::on_closed(Connection& connection, CloseReason reason, const std::string& detail) {
  if (&connection == rival_.get()) {
    rival_closed(reason, detail);
    return;
  }
  const bool was_up = up_since_.has_value();
  const bool steady = was_up && loop_.now() - *up_since_ >= steady_after;
  if (steady) backoff_.reset();
  up_since_.reset();
  const auto over = std::exchange(current_, nullptr);  // lives until the end of this function: `detail` may be its own
  rival_.reset();                                      // the silence is explained
  open_after(steady ? Duration(0) : backoff_.next());
  listener_.on_link_lost(reason, detail, was_up);
}

/// A refusal says that nobody is there who could answer on the silent connection either: its process is gone. Anything
/// else says nothing new.
void Link::rival_closed(CloseReason reason, const std::string& detail) {
  const auto rival = std::exchange(rival_, nullptr);  // as above
  if (reason != CloseReason::refused) return;
  const auto silent = std::exchange(current_, nullptr);
  up_since_.reset();
  open_after(backoff_.next());
  listener_.on_link_lost(CloseReason::lost, detail, true);
}

void Link::on_push(Connection& connection, Value push) {
  if (&connection == current_.get()) listener_.on_link_push(std::move(push));
}

}  // namespace dbha::redis
