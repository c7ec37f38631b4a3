#include "demo/fleet.hpp"

#include <deque>
#include <fstream>
#include <stdexcept>

#include <dbha_bus/admin.hpp>
#include <signal.h>

#include "lab/wait.hpp"

namespace dbha::demo {
namespace {

using namespace std::chrono_literals;

constexpr auto ready_within = 30s;
constexpr auto answer_within = 3s;
constexpr auto end_within = 5s;
/// Answering costs a process about a millisecond: asked more often, the fleet would be measured while it is disturbed.
constexpr auto ask_again_after = 50ms;

std::string log_tail(const std::filesystem::path& file) {
  std::ifstream log(file);
  std::deque<std::string> last;
  for (std::string line; std::getline(log, line);) {
    last.push_back(line);
    if (last.size() > 10) last.pop_front();
  }
  std::string text;
  for (const auto& line : last) text += "\n  " + line;
  return text;
}

std::string ended_text(const Configured& process, const lab::ExitStatus& status) {
  return process.name + " ended with " + to_string(status) + "; its log ends:" + log_tail(process.log);
}

nlohmann::json status_of(const Configured& process) {
  const auto text = bus::admin_request(process.endpoint, R"({"request": "status"})", answer_within);
  if (!text) throw std::runtime_error(process.name + " does not answer at " + process.endpoint);
  auto status = nlohmann::json::parse(*text, nullptr, false);
  if (!status.is_object() || !status.contains("controller"))
    throw std::runtime_error(process.name + " answers " + *text);
  return status;
}

}  // namespace

void Fleet::start(Configured configured) {
  if (in_process_) {
    auto roles = Controller::open(configured.file);
    members_.push_back({std::move(configured), std::nullopt, std::move(roles)});
    return;
  }
  // The program itself, also after it was renamed, and not what a shell would find.
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  auto process = lab::ChildProcess::spawn({program, "run", "-c", configured.file.string()}, configured.log);
  members_.push_back({std::move(configured), std::move(process), nullptr});
}

void Fleet::start_nb() {
  start(write_nb(place_));
  wait_ready();
}

void Fleet::start_sbs(unsigned count) {
  for (unsigned i = 1; i <= count; ++i) start(write_sb(place_, "sb-" + std::to_string(i)));
  wait_ready();
}

void Fleet::add_embedded(Configured process) {
  members_.push_back({std::move(process), std::nullopt, nullptr});
  wait_ready();
}

void Fleet::wait_ready() {
  std::vector<std::string> missing;
  const bool ready = ask_until(ready_within, [&](const Statuses& statuses) {
    missing = not_ready(statuses);
    for (auto& text : not_current(statuses)) missing.push_back(std::move(text));
    return missing.empty();
  });
  if (!ready) throw std::runtime_error("the fleet is not ready: " + missing.front());
}

std::vector<std::string> Fleet::southbound() const {
  std::vector<std::string> out;
  for (std::size_t i = 1; i < members_.size(); ++i) out.push_back(members_[i].configured.name);
  return out;
}

Statuses Fleet::statuses() const {
  Statuses out;
  for (const auto& member : members_) out.push_back(status_of(member.configured));
  return out;
}

bool Fleet::ask_until(std::chrono::nanoseconds timeout, const std::function<bool(const Statuses&)>& done) {
  std::string silent;  // who did not answer at the last try, in words
  const auto asked = [&] {
    throw_if_ended();
    Statuses now;
    try {
      now = statuses();
      silent.clear();
    } catch (const std::runtime_error& error) {
      silent = error.what();
      return false;
    }
    return done(now);
  };
  if (lab::wait_until(timeout, asked, ask_again_after)) return true;
  if (!silent.empty()) throw std::runtime_error(silent);
  return false;
}

void Fleet::throw_if_ended() {
  for (auto& member : members_)
    if (const auto status = member.process ? member.process->exit_status() : std::nullopt)
      throw std::runtime_error(ended_text(member.configured, *status));
}

std::vector<std::string> Fleet::end() {
  std::vector<std::string> problems;
  for (auto& member : members_) member.roles.reset();
  for (auto& member : members_)  // all at once: they end side by side
    if (member.process && member.process->running()) member.process->signal(SIGTERM);
  for (auto& member : members_) {
    if (!member.process) continue;
    const auto status = member.process->wait_exit(end_within);
    if (!status) problems.push_back(member.configured.name + " did not end within 5 s after SIGTERM");
    if (status && *status != lab::ExitStatus{}) problems.push_back(ended_text(member.configured, *status));
  }
  return problems;
}

}  // namespace dbha::demo
