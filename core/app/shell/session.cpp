#include "shell/session.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "exit_status.hpp"
#include "shell/primaries.hpp"
#include "topology/json.hpp"
#include "topology_table.hpp"

namespace dbha::shell {
namespace {

std::size_t bytes_of(const Words& words) {
  std::size_t out = 0;
  for (const auto& word : words) out += word.size();
  return out;
}

std::size_t bytes_of(const Call& call) {
  std::size_t out = bytes_of(call.args);
  for (const auto& command : call.transaction) out += bytes_of(command);
  return out;
}

}  // namespace

Session::Session(Controller& controller, Replies& replies, Wakeups& wakeups, SessionSettings settings)
    : controller_(controller),
      replies_(replies),
      wakeups_(wakeups),
      settings_(std::move(settings)),
      input_(STDIN_FILENO),
      channels_(controller, [&wakeups] { wakeups.news(); }),
      events_(controller) {}

int Session::run() {
  while (!ended_ && !quit_) {
    const auto line = next_line();
    if (!line) break;
    cancelled_ = false;
    std::visit([this](const auto& what) { carry_out(what); }, read_line(*line));
    flush();
  }
  drain();
  return ended_.value_or(app::done);
}

// ---- Input

/// Nothing at its end.
std::optional<std::string> Session::next_line() {
  bool asked = false;
  while (!ended_) {
    if (auto line = input_.take()) return line;
    if (input_.ended()) break;
    if (!std::exchange(asked, true)) print(prompt());
    flush();
    const auto woken = wait(true);
    if (woken.interrupt || print_messages()) {
      print(settings_.interactive ? "\n" : "");
      asked = false;
    }
    if (woken.input && !woken.interrupt) input_.read();  // a terminal drops what was typed before a Ctrl-C
  }
  if (asked && settings_.interactive) print("\n");
  return std::nullopt;
}

/// "10.0.0.1:7000 (3 primaries)> "
std::string Session::prompt() const {
  if (!settings_.interactive) return "";
  const auto count = primaries_of(*controller_.topology()).size();
  return settings_.place + " (" + std::to_string(count) + (count == 1 ? " primary" : " primaries") +
         (transaction_.open() ? ", multi" : "") + (async_ ? ", async" : "") + ")> ";
}

// ---- Lines

void Session::carry_out(const Command& command) {
  for (std::uint64_t i = 0; i < command.times && !ended_ && !cancelled_; ++i) {
    take(command.words);
    settle();
  }
}

void Session::carry_out(const ToAll& command) {
  const auto primaries = primaries_of(*controller_.topology());
  for (const auto& [endpoint, partition] : primaries) send({.args = command.words, .partition = partition});
  if (primaries.empty())
    replies_.add({.outcome = Outcome::refused, .value = {}, .detail = "no partition has an owner", .node = {}});
  settle();
}

void Session::carry_out(const Sync&) {
  async_ = false;
  drain();
}

void Session::carry_out(const Sleep& sleep) {
  const TimePoint until = std::chrono::steady_clock::now() + sleep.length;
  while (!ended_ && !cancelled_ && std::chrono::steady_clock::now() < until) {
    wait(false, until);
    print_messages();
    flush();
  }
}

void Session::carry_out(const ShowTopology&) {
  const auto topology = controller_.topology();
  auto json = to_json(*topology);
  json["version"] = controller_.view().applied.text();
  json["covered"] = topology->covered();
  app::print_topology(json);
}

void Session::carry_out(const ShowEvents&) {
  for (const auto& line : events_.take()) print(line + '\n');
}

void Session::carry_out(const Malformed& line) {
  reply({.kind = Value::Kind::status, .text = line.text, .integer = 0, .elements = {}});
  settle();
}

void Session::carry_out(const Unknown& line) {
  std::fprintf(stderr, "dbha: %s\n", line.text.c_str());
}

// ---- Commands

void Session::take(const Words& words) {
  auto step = transaction_.take(words);
  if (auto* value = std::get_if<Value>(&step)) return reply(std::move(*value));
  if (auto* commands = std::get_if<Transaction::Commands>(&step)) return send({.transaction = std::move(*commands)});
  take_other(std::move(std::get<Transaction::Other>(step).words));
}

void Session::take_other(Words words) {
  auto confirmed = channels_.take(words);
  if (confirmed.empty()) return send({.args = std::move(words)});
  for (auto& value : confirmed) reply(std::move(value));
}

void Session::send(Call call) {
  const std::size_t bytes = bytes_of(call);
  while (!ended_ && full(bytes)) wait(false);
  if (settings_.deadline) call.deadline = settings_.deadline;
  call.stop = stop_.get_token();
  controller_.submit(std::move(call), replies_.expect(bytes));
}

bool Session::full(std::size_t bytes) const {
  const auto outstanding = replies_.outstanding();
  return outstanding.calls >= settings_.most_calls ||
         (outstanding.calls > 0 && outstanding.bytes + bytes > settings_.most_bytes);
}

/// One that nobody need be asked for.
void Session::reply(Value value) {
  const Outcome outcome = value.kind == Value::Kind::error ? Outcome::error_reply : Outcome::ok;
  replies_.add({.outcome = outcome, .value = std::move(value), .detail = {}, .node = {}});
}

void Session::settle() {
  if (!async_) drain();
}

/// Prints each reply as soon as it and all before it are there, for programs that wait for it.
void Session::drain() {
  while (!ended_) {
    bool printed = false;
    while (const auto result = replies_.take()) {
      print(text_of(*result, settings_.form));
      printed = true;
    }
    if (printed) flush();
    if (replies_.empty()) return;
    wait(false);
  }
}

// ---- The world

Wakeups::Woken Session::wait(bool with_input, std::optional<TimePoint> until) {
  const auto woken = wakeups_.wait(with_input, until);
  if (woken.end || (woken.interrupt && !settings_.interactive)) {
    end(app::interrupted);
  } else if (woken.interrupt) {
    cancel();
  }
  return woken;
}

void Session::cancel() {
  cancelled_ = true;
  std::exchange(stop_, std::stop_source()).request_stop();
}

void Session::end(int status) {
  if (!ended_) ended_ = status;
}

bool Session::print_messages() {
  const auto messages = channels_.messages();
  for (const auto& message : messages) print(text_of(message, settings_.form));
  return !messages.empty();
}

void Session::print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// A reader that went away needs no word about it.
void Session::flush() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  if (!ended_ && errno != EPIPE) std::fprintf(stderr, "dbha: cannot write: %s\n", std::strerror(errno));
  end(app::not_well);
}

}  // namespace dbha::shell
