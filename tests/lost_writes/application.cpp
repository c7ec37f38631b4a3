#include "lost_writes/application.hpp"

#include <csignal>

#include "lab/wait.hpp"
#include "support/catch.hpp"

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

/// For a long outbox on a loaded machine.
constexpr auto until_rested = 60s;

Contents contents_of(const std::vector<Note>& store) {
  Contents out;
  for (const auto& note : store) out[note.entry] = {note.version, note.removal, note.removal ? "" : note.token};
  return out;
}

}  // namespace

std::string mirror_lines(bool resync, const std::string& more) {
  return std::string("\n[[consistency]]\nplugin = \"mirror\"\ntables = [\"ports\"]\ndurability = \"process\"\n") +
         (resync ? "" : "resync = false\n") + more;
}

Application::Application(const Site& site, const ProcessFile& file, int entries, lab::Place place)
    : name_(file.name),
      config_(site.write(file)),
      notes_(site.path(file.name + ".notes")),
      log_(site.log_of(file.name)),
      entries_(entries),
      place_(std::move(place)) {}

void Application::start() {
  const lab::Inside inside(place_);
  logged_before_ = log().size();
  process_ = lab::ChildProcess::spawn({DBHA_NOTING_APPLICATION, config_, notes_, std::to_string(entries_)}, log_);
}

void Application::kill() {
  process_->kill_now();
}

std::uintmax_t Application::noted() const {
  std::error_code none;
  const auto size = std::filesystem::file_size(notes_, none);
  return none ? 0 : size;
}

std::vector<Note> Application::notes() const {
  return read_notes(contents(notes_));
}

void Application::rest() {
  const auto mark = notes_.string() + ".rested";
  std::filesystem::remove(mark);
  // Before it has said so a signal ends it.
  REQUIRE(lab::wait_until(
      patience, [&] { return log().find(" started ", logged_before_) != std::string::npos; }, 5ms));
  process_->signal(SIGUSR1);
  const bool rested = lab::wait_until(
      until_rested, [&] { return std::filesystem::exists(mark) || !running(); }, 20ms);
  INFO("the log of " << name_ << ":\n" << log());
  REQUIRE(running());
  REQUIRE(rested);
}

Contents Application::end() {
  process_->signal(SIGTERM);
  const auto status = process_->wait_exit(patience);
  INFO("the log of " << name_ << ":\n" << log());
  REQUIRE(status);
  REQUIRE(to_string(*status) == "exit code 0");
  return contents_of(read_notes(contents(notes_.string() + ".store")));
}

}  // namespace dbha::test
