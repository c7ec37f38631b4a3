#include "events/program_sessions.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include <dbha/event_json.hpp>

#include "config/section.hpp"

namespace dbha {
namespace {

using nlohmann::json;
using Send = ProgramSessions::Send;
using Actions = ProgramSessions::Actions;

constexpr char expected_message[] =
    R"(expected a JSON object: {"subscribe": ["dbrestart"], "name": "my-program"}, {"done": ID}, {"failed": ID}, )"
    R"({"unsubscribe": true})";
/// What a program may say of a failure, in a log line.
constexpr std::size_t longest_reason = 500;

Actions error(const std::string& peer, const std::string& text) {
  return {Send{peer, "{\"error\": " + json_of(text) + "}"}};
}

bool is_list_of_texts(const json& list) {
  if (!list.is_array() || list.empty()) return false;
  for (const auto& entry : list)
    if (!entry.is_string()) return false;
  return true;
}

std::string text_in(const json& message, const char* key) {
  const auto it = message.find(key);
  return it != message.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

void append(Actions& out, Actions more) {
  for (auto& action : more) out.push_back(std::move(action));
}

}  // namespace

Actions ProgramSessions::on_message(const std::string& peer, std::string_view text) {
  const json message = json::parse(text, nullptr, false);
  return message.is_object() ? on_object(peer, message) : error(peer, expected_message);
}

Actions ProgramSessions::on_object(const std::string& peer, const json& message) {
  if (message.contains("subscribe")) return on_subscribe(peer, message);
  if (!sessions_.contains(peer))
    return error(peer, R"(subscribe first: {"subscribe": ["dbrestart"], "name": "my-program"})");
  if (message.contains("unsubscribe")) return on_unsubscribe(peer);
  if (message.contains("done") || message.contains("failed")) return on_answer(peer, message);
  return error(peer, expected_message);
}

Actions ProgramSessions::on_subscribe(const std::string& peer, const json& message) {
  const auto name = text_in(message, "name");
  if (!valid_name(name)) return error(peer, std::string("name: expected ") + expected_name);
  if (!is_list_of_texts(message.at("subscribe")))
    return error(peer, R"(subscribe: expected a list of events, like ["dbrestart"])");
  return {Join{peer, name, message.at("subscribe").get<std::vector<std::string>>()}};
}

/// Whoever had the connection or the name before has them no more; what was with him is delivered again.
Actions ProgramSessions::accept(const Join& join) {
  Actions out = end(join.peer, "the program has subscribed again");
  if (const auto other = peer_of(join.name); !other.empty()) {
    append(out, end(other, "the program has come back by another connection"));
    append(out, error(other, "another connection has subscribed as " + join.name));
  }
  sessions_[join.peer] = {join.name, {}};
  out.push_back(
      Send{join.peer, "{\"subscribed\": " + json(join.events).dump() + ", \"name\": " + json_of(join.name) + "}"});
  return out;
}

Actions ProgramSessions::refuse(const Join& join, const std::string& reason) {
  return error(join.peer, reason);
}

Actions ProgramSessions::on_unsubscribe(const std::string& peer) {
  const std::string name = sessions_.at(peer).name;
  Actions out = end(peer, "it has unsubscribed");
  out.push_back(Forget{name});
  out.push_back(Send{peer, "{\"unsubscribed\": " + json_of(name) + "}"});
  return out;
}

/// An answer to anything but the event that is with it changes nothing: it may be late, from before the event was
/// delivered again.
Actions ProgramSessions::on_answer(const std::string& peer, const json& message) {
  Session& session = sessions_.at(peer);
  const bool done = message.contains("done");
  const auto id = text_in(message, done ? "done" : "failed");
  if (session.event.empty() || id != session.event)
    return error(peer, id.substr(0, longest_reason) + " is not the event that is with you");
  session.event.clear();
  if (done) return {Finish{session.name, std::nullopt}};
  const auto reason = text_in(message, "reason").substr(0, longest_reason);
  return {Finish{session.name, "the program says that it failed" + (reason.empty() ? "" : ": " + reason)}};
}

Actions ProgramSessions::deliver(const std::string& name, const Event& event) {
  const auto peer = peer_of(name);
  if (peer.empty()) return {Finish{name, "the program is away"}};
  Actions out{Send{peer, json_of(event)}};
  if (const auto* restart = std::get_if<DbRestart>(&event)) {
    sessions_.at(peer).event = restart->id;
  } else {
    out.push_back(Finish{name, std::nullopt});
  }
  return out;
}

Actions ProgramSessions::on_gone(const std::string& peer) {
  return end(peer, "the program is gone");
}

Actions ProgramSessions::on_unread(const std::string& peer) {
  const auto it = sessions_.find(peer);
  if (it == sessions_.end() || it->second.event.empty()) return {};
  it->second.event.clear();
  return {Finish{it->second.name, "the program does not read its events"}};
}

Actions ProgramSessions::end(const std::string& peer, const std::string& why) {
  const auto it = sessions_.find(peer);
  if (it == sessions_.end()) return {};
  const Session session = std::move(it->second);
  sessions_.erase(it);
  Actions out{Leave{session.name}};
  if (!session.event.empty()) out.push_back(Finish{session.name, why});
  return out;
}

std::string ProgramSessions::peer_of(const std::string& name) const {
  for (const auto& [peer, session] : sessions_)
    if (session.name == name) return peer;
  return {};
}

std::vector<Send> ProgramSessions::signs_of_life() const {
  std::vector<Send> out;
  for (const auto& [peer, session] : sessions_) out.push_back({peer, R"({"alive": true})"});
  return out;
}

}  // namespace dbha
