// The program on a compute node: it needs what the network controller has configured, from the first moment on, and
// whenever it changes. Its mirror is a cache of the database, on this machine's disk: what it knew when it ended it
// knows again without asking anybody, and what has changed meanwhile it is told.
//
//     dbha_southbound CONFIG
//
// CONFIG is a file like conf/sb.toml, whose mirror has `direction = "pull"`. Prints one JSON object a line: `ready` with what it has, then each
// entry that is created, updated or removed; ends at SIGTERM.

#include <atomic>

#include <dbha/controller.hpp>
#include <dbha/error.hpp>

#include "consumer.hpp"

namespace {

using namespace std::chrono_literals;

const char* text_of(dbha::MirrorChange::Kind kind) {
  constexpr const char* names[] = {"created", "updated", "removed"};
  return names[static_cast<int>(kind)];
}

/// Here stands what the program does with it: it would set up the port, or take it away. On the mirror's thread.
void apply(const dbha::MirrorChange& change) {
  const dbha::Entry& entry = change.entry;
  consumer::say({{"what", text_of(change.kind)},
                 {"table", entry.name.table},
                 {"topic", entry.name.topic},
                 {"key", entry.name.key},
                 {"version", entry.version},
                 {"value", entry.value}});
}

int run(const char* config) {
  const consumer::End end;
  const auto controller = dbha::Controller::open(config);
  dbha::Mirror* mirror = controller->mirror("mirror");
  if (!mirror) throw dbha::ConfigError(std::string(config) + ": expected a [[consistency]] named mirror");
  // First whoever tells of changes, then what there is: a change in between is told, and found as well.
  std::atomic<std::uint64_t> changes = 0;
  const auto subscription = mirror->on_change([&changes](const dbha::MirrorChange& change) {
    apply(change);
    ++changes;
  });
  consumer::say({{"what", "ready"}, {"entries", consumer::contents_of(*mirror).entries}});
  while (!end.comes_within(1h)) continue;
  const auto contents = consumer::contents_of(*mirror);
  consumer::say(
      {{"what", "end"}, {"changes", changes.load()}, {"entries", contents.entries}, {"digest", contents.digest}});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CONFIG\n", argv[0]);
    return 2;
  }
  try {
    return run(argv[1]);
  } catch (const std::exception& e) {  // the file, a plugin or the machine says no: never "the database is down"
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
