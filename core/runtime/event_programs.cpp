#include "runtime/event_programs.hpp"

#include <algorithm>

#include <dbha/error.hpp>

namespace dbha {
namespace {

constexpr Duration sign_of_life = std::chrono::seconds(1);

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : ",").append(word);
  return out;
}

}  // namespace

EventPrograms::EventPrograms(EventLoop& loop, Log& log, const bus::Context& bus, const std::string& endpoint,
                             EventHub& hub, StateStore& store)
    : loop_(loop),
      log_(log),
      hub_(hub),
      store_(store),
      socket_(bus, loop, endpoint,
              [this](const std::string& peer, std::string_view text) { perform(sessions_.on_message(peer, text)); }),
      self_(std::make_shared<EventPrograms*>(this)) {
  for (const auto& program : store_.programs()) {
    try {
      require_free(program.name);
      add(program.name, program.events);
    } catch (const Error& e) {
      log_.error("program_not_taken", {{"program", program.name}, {"reason", e.what()}});
    }
  }
  signs_of_life_ = Timer(loop_, sign_of_life, [this]() -> std::optional<Duration> {
    for (const auto& sign : sessions_.signs_of_life()) send(sign);
    return sign_of_life;
  });
}

EventPrograms::~EventPrograms() {
  signs_of_life_.reset();
  *self_ = nullptr;
  for (auto& [name, program] : programs_) hub_.unsubscribe(program.id);
}

void EventPrograms::require_free(const std::string& name) const {
  for (const auto& handler : hub_.handlers())
    if (handler.name == name) throw Error("the name '" + name + "' is another handler's: take another one");
}

/// It is away until it joins.
void EventPrograms::add(const std::string& name, const std::vector<std::string>& events) {
  const auto life = ++lives_;
  auto handover = std::make_shared<Handover>([&loop = loop_, self = self_, name, life](const Event& event) {
    loop.post([self, name, life, event] {
      if (*self) (*self)->deliver(name, life, event);
    });
  });
  const auto id = hub_.subscribe(events, name, [handover](const Event& event) { return handover->handle(event); },
                                 {.stop = [handover] { handover->stop(); }, .suspended = true});
  programs_[name] = {events, life, id, std::move(handover)};
}

/// Its thread waits for the loop at most, and is told to stop: this does not block.
void EventPrograms::end(const std::string& name) {
  const auto it = programs_.find(name);
  if (it == programs_.end()) return;
  const auto id = it->second.id;
  programs_.erase(it);
  hub_.unsubscribe(id);
}

void EventPrograms::join(ProgramSessions::Join join) {
  std::sort(join.events.begin(), join.events.end());
  join.events.erase(std::unique(join.events.begin(), join.events.end()), join.events.end());
  try {
    prepare(join);
  } catch (const Error& e) {
    return perform(sessions_.refuse(join, e.what()));
  }
  log_.info("program_subscribed", {{"program", join.name}, {"events", list_of(join.events)}});
  perform(sessions_.accept(join));
  if (const auto it = programs_.find(join.name); it != programs_.end()) hub_.resume(it->second.id);
}

/// Has it known, here and in the store, with these events. Throws Error if that cannot be; then nothing has changed.
void EventPrograms::prepare(const ProgramSessions::Join& join) {
  EventHub::require_events(join.events);
  const auto known = programs_.find(join.name);
  if (known != programs_.end() && known->second.events == join.events) return;
  if (known == programs_.end() && programs_.size() >= most)
    throw Error(std::to_string(most) + " programs are known already: let one that is no more unsubscribe");
  if (known == programs_.end()) require_free(join.name);
  store_.remember({join.name, join.events});
  end(join.name);
  add(join.name, join.events);
}

void EventPrograms::forget(const std::string& name) {
  end(name);
  try {
    store_.forget_program(name);
  } catch (const Error& e) {
    log_.error("program_not_forgotten", {{"program", name}, {"reason", e.what()}});
  }
}

void EventPrograms::deliver(const std::string& name, std::uint64_t life, const Event& event) {
  if (const auto it = programs_.find(name); it == programs_.end() || it->second.life != life) return;
  for (const auto& action : sessions_.deliver(name, event)) {
    const auto* message = std::get_if<ProgramSessions::Send>(&action);
    if (!message) {
      perform(action);
    } else if (send(*message) == bus::EventSocket::Sent::no_room) {
      perform(sessions_.on_unread(message->peer));
    }
  }
}

void EventPrograms::perform(const ProgramSessions::Actions& actions) {
  for (const auto& action : actions) perform(action);
}

void EventPrograms::perform(const ProgramSessions::Action& action) {
  if (const auto* message = std::get_if<ProgramSessions::Send>(&action)) {
    send(*message);
  } else if (const auto* asked = std::get_if<ProgramSessions::Join>(&action)) {
    join(*asked);
  } else if (const auto* left = std::get_if<ProgramSessions::Leave>(&action)) {
    log_.info("program_away", {{"program", left->name}});
    if (const auto it = programs_.find(left->name); it != programs_.end()) hub_.suspend(it->second.id);
  } else if (const auto* forgotten = std::get_if<ProgramSessions::Forget>(&action)) {
    forget(forgotten->name);
  } else if (const auto* finished = std::get_if<ProgramSessions::Finish>(&action)) {
    if (const auto it = programs_.find(finished->name); it != programs_.end())
      it->second.handover->finish(finished->failure);
  }
}

bus::EventSocket::Sent EventPrograms::send(const ProgramSessions::Send& message) {
  const auto sent = socket_.send(message.peer, message.text);
  if (sent == bus::EventSocket::Sent::gone) perform(sessions_.on_gone(message.peer));
  return sent;
}

}  // namespace dbha
