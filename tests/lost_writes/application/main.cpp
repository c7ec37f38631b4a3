// An application that writes and removes entries of a mirror from eight threads, and notes each write and its answer.
//
//     dbha_noting_application CONFIG NOTES [ENTRIES]
//
// SIGUSR1: it writes no more, and makes NOTES.rested as soon as the database has all. SIGTERM: it writes what its store
// holds to NOTES.store, as notes of what is stored, and ends.

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <dbha/controller.hpp>
#include <dbha/error.hpp>

#include "lost_writes/notes.hpp"

namespace {

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

constexpr int writers = 8;
/// Between two writes of one thread: a northbound process has more to do than to write.
constexpr auto pace = 2ms;

/// Appended to by all threads.
class Notes {
 public:
  explicit Notes(const char* path) : fd_(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw Error(std::string("cannot write ") + path);
  }
  void add(const Note& note) const {
    const std::string line = line_of(note);
    if (write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

 private:
  int fd_;
};

EntryName name_of(int entry) {
  return {"ports", "switch-" + std::to_string(entry % noted_topics), "port-" + std::to_string(entry)};
}

int entry_of(const EntryName& name) {
  return std::atoi(name.key.c_str() + sizeof "port-" - 1);
}

class Writers {
 public:
  Writers(Mirror& mirror, const Notes& notes, int entries) : mirror_(mirror), notes_(notes), entries_(entries) {
    for (int i = 0; i < writers; ++i) threads_.emplace_back([this, i] { run(i); });
  }
  ~Writers() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

 private:
  void run(int writer) {
    std::mt19937 random(std::random_device{}());
    const std::string mine = std::to_string(getpid()) + '.' + std::to_string(writer) + '.';
    for (int i = 0; goes_on(); ++i)
      write({.entry = static_cast<int>(random() % static_cast<unsigned>(entries_)),
             .removal = random() % 5 == 0,
             .token = mine + std::to_string(i)});
  }

  void write(Note note) {
    notes_.add(note);
    auto answer = note.removal ? mirror_.remove(name_of(note.entry)) : mirror_.put(name_of(note.entry), note.token);
    const MirrorResult result = answer.get();
    note.what = what(result.outcome);
    note.version = result.version;
    notes_.add(note);
  }

  static Note::What what(MirrorOutcome outcome) {
    if (outcome == MirrorOutcome::stored) return Note::What::stored;
    return outcome == MirrorOutcome::superseded ? Note::What::superseded : Note::What::refused;
  }

  bool goes_on() {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, pace, [this] { return ending_; });
  }

  Mirror& mirror_;
  const Notes& notes_;
  int entries_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

void write_store(Mirror& mirror, const std::string& file) {
  std::ofstream out(file + ".new");
  mirror.scan({.removed = true}, [&out](const Entry& entry) {
    out << line_of(
        {Note::What::stored, entry_of(entry.name), entry.removed, entry.removed ? "-" : entry.value, entry.version});
    return true;
  });
  out.close();
  std::rename((file + ".new").c_str(), file.c_str());
}

/// False: it is to end.
bool next_signal(const sigset_t& signals, std::chrono::milliseconds limit, int& number) {
  const timespec time{0, static_cast<long>(std::chrono::nanoseconds(limit).count())};
  number = sigtimedwait(&signals, nullptr, &time);
  return number != SIGTERM;
}

void serve(const char* config, const std::string& notes_file, int entries, const sigset_t& signals) {
  const auto controller = Controller::open(config);
  Mirror& mirror = *controller->mirror("mirror");
  const Notes notes(notes_file.c_str());
  auto writing = std::make_unique<Writers>(mirror, notes, entries);
  bool rested = false;
  for (int number = 0; next_signal(signals, 10ms, number);) {
    if (number == SIGUSR1) writing.reset();
    if (!writing && !rested && mirror.state().waiting == 0) {
      std::ofstream(notes_file + ".rested") << "";
      rested = true;
    }
  }
  writing.reset();
  write_store(mirror, notes_file + ".store");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before there are other threads
  try {
    serve(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 10'000, signals);
    return EXIT_SUCCESS;
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
