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

std::vector<DbRestart> joined(std::vector<DbRestart> first, const std::vector<DbRestart>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

EventHub::EventHub(EventLoop& loop, Log& log, StateStore& store, std::string controller, std::string cluster,
                   RetryPauses pauses, Duration hold_down)
    : loop_(loop),
      log_(log),
      store_(store),
      controller_(std::move(controller)),
      cluster_(std::move(cluster)),
      pauses_(pauses),
      hold_down_(hold_down),
      self_(std::make_shared<EventHub*>(this)) {}

EventHub::~EventHub() {
  held_.reset();
  subscribers_.clear();
  *self_ = nullptr;
}

bool EventHub::Subscriber::hears(std::string_view event) const {
  return std::find(events.begin(), events.end(), event) != events.end();
}

/// Told first: on_accepted() and handle() of one event then come in this order.
void EventHub::Subscriber::deliver(Event event) {
  if (accepted) accepted(event);
  thread->deliver(std::move(event));
}

EventHub::Id EventHub::subscribe(const std::vector<std::string>& events, const std::string& handler_name,
                                 HandlerThread::Handler handler, std::function<void(const Event&)> accepted) {
  for (const auto& event : events) {
    require_event_name(event);
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
  Subscriber& subscriber =
      subscribers_.emplace(id, Subscriber{events, nullptr, HoldDown(hold_down_), {}, std::move(accepted)})
          .first->second;
  subscriber.thread = std::make_unique<HandlerThread>(handler_name, log_, std::move(handler), std::move(done), pauses_);
  if (subscriber.hears("dbrestart")) {
    for (auto& unfinished : store_.pending(handler_name)) subscriber.deliver(std::move(unfinished));
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
    event.cluster = cluster_;
    event.partial = partial_;
  }
  // What a busy handler has not begun with becomes one event with what is new, so that a storm costs it one run.
  const auto waiting = events.empty() ? std::vector<DbRestart>{} : subscriber.thread->take_back();
  auto told = waiting.empty() ? events : std::vector{merged(joined(waiting, events))};
  accept(name, now_handled, told, waiting);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].id = told[waiting.empty() ? i : 0].id;
    subscriber.losses.told(events[i], applied_->marks, handled, followed && i >= trailing);
  }
  if (!waiting.empty()) subscriber.losses.merge(waiting, told.front());
  for (auto& event : told) {
    log_.info("dbrestart", {{"handler", name},
                            {"id", event.id},
                            {"cause", text_of(event.cause)},
                            {"partitions", text_of(event.partitions)},
                            {"replaces", std::to_string(waiting.size())}});
    subscriber.deliver(std::move(event));
  }
}

/// What cannot be stored (the disk is full) is told all the same, and may be told again: once too often is better than
/// never.
void EventHub::accept(const std::string& handler, const PartitionMap<Mark>& handled, std::vector<DbRestart>& events,
                      const std::vector<DbRestart>& replaced) {
  try {
    store_.accept(handler, handled, events, controller_ + '-', replaced);
  } catch (const Error& e) {
    log_.error("event_not_stored", {{"handler", handler}, {"reason", e.what()}});
    for (auto& event : events) event.id = controller_ + "-unstored-" + std::to_string(++unstored_);
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
  for (const auto& [id, subscriber] : subscribers_)
    out.push_back(
        {subscriber.thread->name(), subscriber.events, subscriber.thread->pending(), subscriber.hold_down.held()});
  return out;
}

}  // namespace dbha
