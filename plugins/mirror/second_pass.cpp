#include "mirror/second_pass.hpp"

#include <utility>

#include "mirror/batches.hpp"

namespace dbha::mirror {
namespace {

constexpr std::size_t page = 1024;
constexpr Duration deadline = std::chrono::seconds(3);

std::optional<Held> held(const std::optional<Entry>& entry) {
  return entry ? std::optional(mirror::held(*entry)) : std::nullopt;
}

}  // namespace

SecondPass::SecondPass(LocalMirror& mirror, VersionedStore& database, Inquiry& inquiry, Listing::Adopt adopt)
    : mirror_(mirror), database_(database), inquiry_(inquiry), adopt_(std::move(adopt)) {}

bool SecondPass::due() {
  return !mirror_.reader()->suspects({}, 1).empty();
}

std::uint64_t SecondPass::look(bool last) {
  removed_ = 0;
  std::optional<StoreReader::Place> place;
  for (bool end = false; !end;) {
    auto suspects = mirror_.reader()->suspects(place, page);
    end = suspects.size() < page;
    if (!suspects.empty()) place = StoreReader::Place{suspects.back().partition, suspects.back().name};
    in_batches(std::move(suspects), inquiry_.batch(), [&](std::vector<Suspect> some) { ask(std::move(some), last); });
    inquiry_.finish();
    if (!mirror_.flush()) throw StoreFailure(SQLITE_IOERR, "what is suspect could not be stored");
  }
  return removed_;
}

void SecondPass::ask(std::vector<Suspect> suspects, bool last) {
  std::vector<EntryName> names;
  for (const auto& suspect : suspects) names.push_back(suspect.name);
  auto ask = [this, names = std::move(names)](VersionedStore::BatchDone done) {
    database_.look(names, std::move(done), deadline);
  };
  const std::size_t count = suspects.size();
  inquiry_.ask(count, std::move(ask), [this, last, suspects = std::move(suspects)](const BatchResult& result) {
    judge(suspects, result, last);
  });
}

void SecondPass::judge(const std::vector<Suspect>& suspects, const BatchResult& result, bool last) {
  const auto reader = mirror_.reader();
  std::vector<Suspect> removed, acquitted;
  for (std::size_t i = 0; i < suspects.size(); ++i) {
    const Suspect& suspect = suspects[i];
    const std::string& table = suspect.name.table;
    const Terms terms{mirror_.settings().direction, mirror_.settings().owns(table), reader->complete(table)};
    const auto row = reader->get(suspect.partition, suspect.name);
    const std::optional<Held> here = row ? std::optional(mirror::held(row->entry)) : std::nullopt;
    const Action action = result.each[i].trouble.empty()
                              ? second_look(terms, suspect.version, last, here, held(result.each[i].entry))
                              : Action::none;
    if (action == Action::adopt) adopt_(suspect.name);
    if (action == Action::suspect) continue;
    (action == Action::remove ? removed : acquitted).push_back(suspect);
  }
  removed_ += removed.size();
  mirror_.remove_suspects(std::move(removed));
  mirror_.acquit(std::move(acquitted));
}

}  // namespace dbha::mirror
