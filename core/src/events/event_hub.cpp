#include "events/event_hub.hpp"

#include <algorithm>
#include <array>

#include <dbha/error.hpp>

#include "controller/restarts.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

constexpr std::array<std::string_view, 6> event_names = {"dbrestart",  "topology_changed",         "view_stale",
                                                         "view_fresh", "subscription_interrupted", "loss_known"};

void require_event_name(const std::string& name) {
  if (std::find(event_names.begin(), event_names.end(), name) != event_names.end()) return;
  std::string known;
  for (const auto n : event_names) known.append(known.empty() ? "" : ", ").append(n);
  throw Error("there is no event '" + name + "'; there are " + known);
}

/// How late at most a slow handler is reported.
constexpr Duration longest_look_period = std::chrono::seconds(1);

bool contains(const std::vector<std::string>& events, std::string_view event) {
  return std::find(events.begin(), events.end(), event) != events.end();
}

std::vector<DbRestart> joined(std::vector<DbRestart> first, const std::vector<DbRestart>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

EventHub::EventHub(EventLoop& loop, Log& log, StateStore& store, EventHubSettings settings)
    : loop_(loop),
      log_(log),
      store_(store),
      settings_(std::move(settings)),
      random_(settings_.seed),
      self_(std::make_shared<EventHub*>(this)) {
  const Duration period = std::min<Duration>(settings_.handler_slow, longest_look_period);
  slow_ = Timer(loop_, period, [this, period]() -> std::optional<Duration> {
    report_slow();
    return period;
  });
}

EventHub::~EventHub() {
  held_.reset();
  slow_.reset();
  subscribers_.clear();
  *self_ = nullptr;
}

bool EventHub::Subscriber::hears(std::string_view event) const {
  return contains(events, event);
}
bool EventHub::HandlerState::hears(std::string_view event) const {
  return contains(events, event);
}

void EventHub::require_events(const std::vector<std::string>& names) {
  for (const auto& name : names) require_event_name(name);
}

/// Told first: on_accepted() and handle() of one event then come in this order.
void EventHub::Subscriber::deliver(Event event, TimePoint due) {
  if (accepted) accepted(event);
  thread->deliver(std::move(event), due);
}

EventHub::Id EventHub::subscribe(const std::vector<std::string>& events, const std::string& handler_name,
                                 HandlerThread::Handler handler, HandlerTerms terms) {
  require_events(events);
  for (const auto& event : events) {
    for (const auto& [id, subscriber] : subscribers_)
      if (subscriber.hears(event) && subscriber.thread->name() == handler_name)
        throw Error("a handler named '" + handler_name + "' is told of " + event +
                    " already: give this one another name");
  }
  // Done is said on the handler's thread; the store belongs to the loop's.
  auto done = [&loop = loop_, self = self_, handler_name](const Event& finished) {
    const auto* restart = std::get_if<DbRestart>(&finished);
    if (!restart) return;
    loop.post([self, handler_name, id = restart->id] {
      if (*self) (*self)->strike_off(handler_name, id);
    });
  };
  const Id id = next_++;
  Subscriber& subscriber = subscribers_
                               .emplace(id, Subscriber{.events = events,
                                                       .thread = nullptr,
                                                       .hold_down = HoldDown(settings_.hold_down),
                                                       .losses = {},
                                                       .accepted = std::move(terms.accepted),
                                                       .at_once = terms.at_once,
                                                       .reported = {}})
                               .first->second;
  subscriber.thread = std::make_unique<HandlerThread>(handler_name, log_, std::move(handler), std::move(done),
                                                      terms.pauses.value_or(settings_.pauses), std::move(terms.stop));
  if (terms.suspended) subscriber.thread->suspend();
  if (subscriber.hears("dbrestart")) {
    const TimePoint due = moment_for(subscriber);
    for (auto& unfinished : store_.pending(handler_name)) subscriber.deliver(std::move(unfinished), due);
    if (applied_) catch_up(subscriber, false);
  }
  return id;
}

std::vector<std::unique_ptr<HandlerThread>> EventHub::unsubscribe_all() {
  std::vector<std::unique_ptr<HandlerThread>> out;
  for (auto& [id, subscriber] : subscribers_) out.push_back(std::move(subscriber.thread));
  subscribers_.clear();
  return out;
}

std::unique_ptr<HandlerThread> EventHub::unsubscribe(Id id) {
  auto it = subscribers_.find(id);
  if (it == subscribers_.end()) return nullptr;
  auto thread = std::move(it->second.thread);
  subscribers_.erase(it);
  return thread;
}

void EventHub::suspend(Id id) {
  if (const auto it = subscribers_.find(id); it != subscribers_.end()) it->second.thread->suspend();
}

void EventHub::resume(Id id) {
  if (const auto it = subscribers_.find(id); it != subscribers_.end()) it->second.thread->resume();
}

void EventHub::emit(const Event& event) {
  for (auto& [id, subscriber] : subscribers_)
    if (subscriber.hears(name_of(event))) subscriber.deliver(event);
}

void EventHub::marks_applied(std::shared_ptr<const Topology> topology, bool partial) {
  const bool followed = applied_ != nullptr;
  applied_ = std::move(topology);
  partial_ = partial;
  for (auto& [id, subscriber] : subscribers_)
    if (subscriber.hears("dbrestart")) catch_up(subscriber, followed);
  arm_hold_down();
}

void EventHub::arm_hold_down() {
  held_.reset();
  if (const auto end = hold_down_end())
    held_ = Timer(loop_, std::max(*end - loop_.now(), Duration::zero()), [this] { return end_hold_down(); });
}

/// Returns how long until the next one ends.
std::optional<Duration> EventHub::end_hold_down() {
  for (auto& [id, subscriber] : subscribers_)
    if (const auto due = subscriber.hold_down.due(); due && *due <= loop_.now()) catch_up(subscriber, true);
  const auto next = hold_down_end();
  return next ? std::optional(std::max(*next - loop_.now(), Duration::zero())) : std::nullopt;
}

std::optional<TimePoint> EventHub::hold_down_end() const {
  std::optional<TimePoint> out;
  for (const auto& [id, subscriber] : subscribers_)
    if (const auto due = subscriber.hold_down.due()) out = std::min(out.value_or(*due), *due);
  return out;
}

/// An event that still waits in the queue learns it there; a handler that has been told hears of it in a message of its
/// own, and nothing is delivered again. An application subscribes to each event by itself, under one name.
void EventHub::tell_losses(Subscriber& subscriber) {
  const std::string& name = subscriber.thread->name();
  for (const auto& known : subscriber.losses.learn(applied_->marks)) {
    if (const auto waiting = subscriber.thread->amend(known.id, known.loss)) {
      amend(name, *waiting);
      continue;
    }
    for (auto& [id, other] : subscribers_)
      if (other.thread->name() == name && other.hears("loss_known")) other.deliver(known);
  }
}

void EventHub::amend(const std::string& handler, const DbRestart& event) {
  try {
    store_.amend(handler, event);
  } catch (const Error& e) {
    log_.error("event_not_stored", {{"handler", handler}, {"id", event.id}, {"reason", e.what()}});
  }
}

void EventHub::catch_up(Subscriber& subscriber, bool followed) {
  tell_losses(subscriber);
  const std::string& name = subscriber.thread->name();
  const auto handled = store_.handled(name);
  auto [events, trailing, now_handled] = subscriber.hold_down.take(applied_->marks, handled, followed, loop_.now());
  if (handled && *handled == now_handled && events.empty()) return;
  for (auto& event : events) {
    event.cluster = settings_.cluster;
    event.partial = partial_;
  }
  // What a busy handler has not begun with becomes one event with what is new, so that a storm costs it one run.
  const auto taken = events.empty() ? HandlerThread::Taken{} : subscriber.thread->take_back();
  const auto& waiting = taken.events;
  auto told = waiting.empty() ? events : std::vector{merged(joined(waiting, events))};
  accept(name, now_handled, told, waiting);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].id = told[waiting.empty() ? i : 0].id;
    subscriber.losses.told(events[i], applied_->marks, handled, followed && i >= trailing);
  }
  if (!waiting.empty()) subscriber.losses.merge(waiting, told.front());
  const TimePoint due = std::min(taken.due, moment_for(subscriber));  // one for all, which keep their order
  for (auto& event : told) hand_over(subscriber, std::move(event), waiting.size(), due);
}

TimePoint EventHub::moment_for(const Subscriber& subscriber) {
  if (subscriber.at_once || window_ <= Duration(0)) return {};
  std::uniform_int_distribution<Duration::rep> place(0, window_.count());
  return std::chrono::steady_clock::now() + Duration(place(random_));
}

void EventHub::hand_over(Subscriber& subscriber, DbRestart event, std::size_t replaces, TimePoint due) {
  log_.info("dbrestart", {{"handler", subscriber.thread->name()},
                          {"id", event.id},
                          {"cause", text_of(event.cause)},
                          {"partitions", text_of(event.partitions)},
                          {"replaces", std::to_string(replaces)}});
  subscriber.deliver(std::move(event), due);
}

PartitionSet EventHub::partitions() const {
  PartitionSet out;
  if (applied_ && applied_->partitions > 0) out.set({{0}, {applied_->partitions - 1}}, {});
  return out;
}

EventHub::Subscriber& EventHub::hearing(const std::string& handler) {
  std::string known;
  for (auto& [id, subscriber] : subscribers_) {
    if (!subscriber.hears("dbrestart")) continue;
    if (subscriber.thread->name() == handler) return subscriber;
    known.append(known.empty() ? "" : ", ").append(subscriber.thread->name());
  }
  throw Error("no handler '" + handler + "' hears dbrestart; there are " + known);
}

/// An order by hand is delivered at once, and tells of no change: it has no epoch and no primaries, so that an event
/// with which it becomes one keeps its cause. Nothing that is proven of that change ends it then.
DbRestart EventHub::resync(const std::string& handler, const PartitionSet& partitions) {
  Subscriber& subscriber = hearing(handler);
  if (!applied_) throw Error("the controller has no topology yet: wait until it has");
  if (partitions.empty() || both(partitions, this->partitions()) != partitions)
    throw Error("expected partitions of " + text_of(this->partitions()) + ", found " + text_of(partitions));
  DbRestart event;
  event.cluster = settings_.cluster;
  event.cause = Cause::manual;
  event.partitions = partitions;
  event.partial = partial_;
  const auto waiting = subscriber.thread->take_back().events;
  std::vector told{waiting.empty() ? event : merged(joined(waiting, {event}))};
  try {
    store_.add(handler, told, settings_.controller + '-', waiting);
  } catch (const Error&) {
    for (const auto& taken : waiting) subscriber.thread->deliver(taken);
    throw;
  }
  subscriber.losses.forget(waiting);
  hand_over(subscriber, told.front(), waiting.size(), {});
  return told.front();
}

bool EventHub::is_slow(const HandlerWork& work) const {
  return work.running_since && std::chrono::steady_clock::now() - *work.running_since > settings_.handler_slow;
}

/// Each run once, so that a handler that hangs for a day is one line of the log.
void EventHub::report_slow() {
  for (auto& [id, subscriber] : subscribers_) {
    const auto work = subscriber.thread->work();
    if (!is_slow(work) || subscriber.reported == work.running_since) continue;
    subscriber.reported = work.running_since;
    log_.warning(
        "handler_slow",
        {{"handler", subscriber.thread->name()},
         {"event", work.event},
         {"longer_than_ms",
          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(settings_.handler_slow).count())}});
  }
}

/// What cannot be stored (the disk is full) is told all the same, and may be told again: once too often is better than
/// never.
void EventHub::accept(const std::string& handler, const PartitionMap<Mark>& handled, std::vector<DbRestart>& events,
                      const std::vector<DbRestart>& replaced) {
  try {
    store_.accept(handler, handled, events, settings_.controller + '-', replaced);
  } catch (const Error& e) {
    log_.error("event_not_stored", {{"handler", handler}, {"reason", e.what()}});
    for (auto& event : events) event.id = settings_.controller + "-unstored-" + std::to_string(++unstored_);
  }
}

void EventHub::strike_off(const std::string& handler, const std::string& id) {
  try {
    store_.done(handler, id);
  } catch (const Error& e) {
    log_.error("event_not_struck_off", {{"handler", handler}, {"id", id}, {"reason", e.what()}});
  }
}

std::uint32_t EventHub::pending() const {
  std::size_t n = 0;
  for (const auto& [id, subscriber] : subscribers_) n += subscriber.thread->pending();
  return static_cast<std::uint32_t>(n);
}

std::vector<EventHub::HandlerState> EventHub::handlers() const {
  std::vector<HandlerState> out;
  for (const auto& [id, subscriber] : subscribers_) {
    auto work = subscriber.thread->work();
    const bool slow = is_slow(work);
    out.push_back({subscriber.thread->name(), subscriber.events, std::move(work), slow, subscriber.hold_down.held()});
  }
  return out;
}

}  // namespace dbha
