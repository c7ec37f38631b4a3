#include "dialogue.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/wait.hpp"
#include "site.hpp"
#include "support/catch.hpp"

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

/// For reading too, so that neither end waits for the other to open it.
lab::FileDescriptor typing_into(const std::filesystem::path& fifo) {
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  return lab::FileDescriptor(open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace

Dialogue::Dialogue(const std::vector<std::string>& argv)
    : input_(typing_into(path("in"))), child_(lab::ChildProcess::spawn(shell_command(argv), path("log"))) {
  // What is typed, and the end, would be lost on a pipe that only this process has open.
  const bool listens = lab::wait_until(patience, [&] { return std::filesystem::exists(path("errors")); });
  REQUIRE(listens);
}

std::vector<std::string> Dialogue::shell_command(const std::vector<std::string>& argv) const {
  std::filesystem::create_directory(path("tmp"));
  const std::string folder = folder_.path().string();
  std::vector<std::string> out{"env",
                               "TMPDIR=" + folder + "/tmp",
                               "sh",
                               "-c",
                               R"(exec "$@" < )" + folder + "/in > " + folder + "/out 2> " + folder + "/errors",
                               "sh"};
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

void Dialogue::type(const std::string& text) {
  std::size_t written = 0;
  const auto all = [&] {
    const auto count = write(input_.get(), text.data() + written, text.size() - written);
    if (count > 0) written += static_cast<std::size_t>(count);
    return written == text.size() || !child_.running();  // who has ended reads no more
  };
  const bool typed = lab::wait_until(patience, all, 1ms);
  REQUIRE(typed);
}

std::string Dialogue::output() const {
  return contents(path("out"));
}

std::string Dialogue::errors() const {
  return contents(path("errors"));
}

void Dialogue::wait_for(const std::string& text, std::size_t from) const {
  const auto there = [&] {
    const auto all = output();
    return from <= all.size() && all.find(text, from) != std::string::npos;
  };
  const bool came = lab::wait_until(patience, there, 5ms);
  INFO("waited for '" << text << "' in:\n" << output() << "\nits errors:\n" << errors());
  REQUIRE(came);
}

int Dialogue::exit_code() {
  const auto status = child_.wait_exit(patience);
  INFO(output() << "\nits errors:\n" << errors());
  REQUIRE(status);
  REQUIRE_FALSE(status->by_signal);
  return status->value;
}

void Dialogue::check_nothing_left() const {
  CHECK(std::filesystem::is_empty(path("tmp")));
}

Said said_to(const std::vector<std::string>& argv, const std::string& input) {
  Dialogue dialogue(argv);
  dialogue.type(input);
  dialogue.hang_up();
  const int exit_code = dialogue.exit_code();
  dialogue.check_nothing_left();
  return {exit_code, dialogue.output(), dialogue.errors()};
}

}  // namespace dbha::test
