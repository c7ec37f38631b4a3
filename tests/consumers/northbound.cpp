// The program beside the source of truth: a network controller that is configured with networks and the ports of
// switches. What it is told it accepts into its mirror, whether or not the database is there; the mirror brings it into
// the database, once more where a failover has lost it.
//
//     dbha_northbound CONFIG [CHANGES_A_SECOND [SWITCHES]]
//
// CONFIG is a file like conf/nb.toml, whose mirror has the tables networks and ports. Here the changes are made up:
// ports come, go up and down, and go. Prints one JSON object a line, and ends at SIGTERM.

#include <atomic>
#include <random>
#include <thread>

#include <dbha/controller.hpp>
#include <dbha/error.hpp>

#include "consumer.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
  const char* config;
  unsigned changes_a_second = 100;
  unsigned switches = 2000;
};

/// A topic for each network and each switch: what is of one topic lies in one partition of the database.
class Configuration {
 public:
  explicit Configuration(unsigned switches) : switches_(switches) {}

  struct Change {
    dbha::EntryName name;
    std::optional<std::string> value;  ///< nothing: it is removed
  };
  Change next() {
    ++changes_;
    if (any(20) == 0) return {network(), nlohmann::json{{"mtu", 1400 + any(100)}, {"change", changes_}}.dump()};
    if (any(10) == 0) return {port(), std::nullopt};
    return {port(), nlohmann::json{{"state", any(2) == 0 ? "down" : "up"}, {"change", changes_}}.dump()};
  }

 private:
  static constexpr unsigned networks = 50;
  static constexpr unsigned ports_of_a_switch = 8;

  unsigned any(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }
  dbha::EntryName network() { return {"networks", "net-" + std::to_string(any(networks)), "properties"}; }
  dbha::EntryName port() {
    return {"ports", "switch-" + std::to_string(any(switches_)), "port-" + std::to_string(any(ports_of_a_switch))};
  }

  unsigned switches_;
  std::uint64_t changes_ = 0;
  std::mt19937 random_{std::random_device{}()};
};

/// How the writes ended. Counted on the mirror's thread.
struct Answers {
  std::atomic<std::uint64_t> stored = 0;
  std::atomic<std::uint64_t> superseded = 0;  ///< another writer's is newer: nothing to do
  std::atomic<std::uint64_t> refused = 0;     ///< nothing has changed: whoever asked for the change must be told

  void count(const dbha::MirrorResult& result) {
    switch (result.outcome) {
      case dbha::MirrorOutcome::stored:
        ++stored;
        break;
      case dbha::MirrorOutcome::superseded:
        ++superseded;
        break;
      case dbha::MirrorOutcome::refused:
        if (refused++ == 0) consumer::say({{"what", "refused"}, {"reason", result.reason}});
        break;
    }
  }
  std::uint64_t all() const { return stored + superseded + refused; }
};

nlohmann::json state_line(const char* what, const Answers& answers, const dbha::Mirror& mirror) {
  const auto state = mirror.state();
  return {{"what", what},
          {"stored", answers.stored.load()},
          {"superseded", answers.superseded.load()},
          {"refused", answers.refused.load()},
          {"waiting", state.waiting},  // for the database: they are safe meanwhile
          {"database_away", state.database_away},
          {"trouble", state.trouble}};
}

void submit(dbha::Mirror& mirror, Configuration::Change change, Answers& answers) {
  auto done = [&answers](const dbha::MirrorResult& result) { answers.count(result); };
  if (change.value) return mirror.put(std::move(change.name), std::move(*change.value), {}, done);
  mirror.remove(std::move(change.name), {}, done);
}

void serve(dbha::Mirror& mirror, const Options& options, const consumer::End& end) {
  Configuration configuration(options.switches);
  Answers answers;
  std::uint64_t submitted = 0;
  const auto pause = std::chrono::nanoseconds(1s) / options.changes_a_second;
  auto due = Clock::now(), report = due + 1s;
  while (!end.comes_within(std::max<std::chrono::nanoseconds>(due - Clock::now(), 0ns))) {
    submit(mirror, configuration.next(), answers);
    ++submitted;
    due += pause;
    if (Clock::now() < report) continue;
    consumer::say(state_line("state", answers, mirror));
    report += 1s;
  }
  while (answers.all() < submitted) std::this_thread::sleep_for(1ms);  // the disk is asked for milliseconds, not more
  // What still waits for the database then is kept for the next start; most often a moment is enough.
  for (const auto last = Clock::now() + 1s; mirror.state().waiting > 0 && Clock::now() < last;)
    std::this_thread::sleep_for(1ms);
  const auto contents = consumer::contents_of(mirror);
  auto line = state_line("end", answers, mirror);
  line["entries"] = contents.entries;
  line["digest"] = contents.digest;
  consumer::say(line);
}

int run(const Options& options) {
  const consumer::End end;
  const auto controller = dbha::Controller::open(options.config);
  dbha::Mirror* mirror = controller->mirror("mirror");
  if (!mirror) throw dbha::ConfigError(std::string(options.config) + ": expected a [[consistency]] named mirror");
  // The database need not be there: what this program knew when it ended, it knows again.
  consumer::say({{"what", "ready"}, {"entries", consumer::contents_of(*mirror).entries}});
  serve(*mirror, options, end);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: %s CONFIG [CHANGES_A_SECOND [SWITCHES]]\n", argv[0]);
    return 2;
  }
  try {
    Options options{.config = argv[1]};
    if (argc > 2) options.changes_a_second = std::max(1U, static_cast<unsigned>(std::stoul(argv[2])));
    if (argc > 3) options.switches = std::max(1U, static_cast<unsigned>(std::stoul(argv[3])));
    return run(options);
  } catch (const std::exception& e) {  // the file, a plugin or the machine says no: never "the database is down"
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
