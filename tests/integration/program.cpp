#include "program.hpp"

#include <csignal>

#include <dbha_bus/admin.hpp>

#include "lab/wait.hpp"
#include "support/catch.hpp"

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

/// "Soon" for a person; sanitizers look for leaks before they let a process go.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr auto soon = 10s;
#else
constexpr auto soon = 2s;
#endif

}  // namespace

Finished run_program(const Site& site, const std::vector<std::string>& argv) {
  static unsigned runs = 0;
  const auto log = site.path("run-" + std::to_string(++runs) + ".log");
  auto child = lab::ChildProcess::spawn(argv, log);
  const auto status = child.wait_exit(patience);
  INFO(argv.front() << (argv.size() > 1 ? " " + argv[1] : "") << " printed: " << contents(log));
  REQUIRE(status);
  REQUIRE_FALSE(status->by_signal);
  return {status->value, contents(log)};
}

Finished run_dbha(const Site& site, std::vector<std::string> args) {
  args.insert(args.begin(), DBHA_PROGRAM);
  return run_program(site, args);
}

DbhaProcess::DbhaProcess(const Site& site, const std::string& name)
    : log_(site.log_of(name)), admin_(site.admin_of(name)) {
  if (site.in_process()) {
    roles_ = Controller::open(site.config_of(name));
  } else {
    child_ = lab::ChildProcess::spawn({DBHA_PROGRAM, "run", "-c", site.config_of(name)}, log_);
  }
}

bool DbhaProcess::running() {
  return child_ ? child_->running() : roles_ != nullptr;
}

void DbhaProcess::kill() {
  if (child_) child_->kill_now();
  roles_.reset();
}

nlohmann::json DbhaProcess::ask(const std::string& request) const {
  const auto answer = bus::admin_request(admin_, nlohmann::json{{"request", request}}.dump(), 2s);
  return answer ? nlohmann::json::parse(*answer) : nlohmann::json();
}

std::string DbhaProcess::problem() const {
  const auto answer = status();
  if (answer.is_null()) return "no answer";
  const auto& problems = answer.at("problems");
  return problems.empty() ? "" : problems.at(0).get<std::string>();
}

void DbhaProcess::wait_for_problem(const std::string& text) {
  std::string last;
  bool came = false;  // kept: a moment later it may be otherwise again
  const auto there = [&] {
    last = problem();
    return came = text.empty() ? last.empty() : last.find(text) != std::string::npos;
  };
  lab::wait_until(
      patience, [&] { return there() || !running(); }, 20ms);
  INFO("expected: '" << text << "'; its first problem is: '" << last << "'; its log:\n" << log());
  REQUIRE(came);
}

void DbhaProcess::must_end_when_asked() {
  const auto asked = std::chrono::steady_clock::now();
  auto status = std::optional(lab::ExitStatus{});
  if (child_) {
    child_->signal(SIGTERM);
    status = child_->wait_exit(patience);
  }
  roles_.reset();
  const auto took = std::chrono::steady_clock::now() - asked;
  INFO("its log:\n" << log());
  REQUIRE(status);
  CHECK(to_string(*status) == "exit code 0");
  CHECK(std::chrono::duration<double>(took).count() < std::chrono::duration<double>(soon).count());
}

}  // namespace dbha::test
