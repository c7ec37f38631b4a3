#include "mirror/judgement.hpp"

#include "support/catch.hpp"

using namespace dbha::mirror;

namespace {

using Side = std::optional<Held>;

constexpr Side alive(std::uint64_t version) {
  return Held{version, false};
}
constexpr Side removed(std::uint64_t version) {
  return Held{version, true};
}
const Side nothing;

constexpr Terms push{Direction::push, false, false};
constexpr Terms filling{Direction::push, true, false};
constexpr Terms owned{Direction::push, true, true};
constexpr Terms pull{Direction::pull, false, true};

}  // namespace

TEST_CASE("what the store has newer is written by who pushes, and looked at again by a cache") {
  for (const Side& older : {nothing, alive(4), removed(4)}) {
    CHECK(first_look(push, alive(5), older) == Action::write);
    CHECK(first_look(owned, removed(5), older) == Action::write);
    CHECK(first_look(pull, alive(5), older) == Action::suspect);
    CHECK(first_look(pull, removed(5), older) == Action::none);
  }
}

TEST_CASE("what the database has newer, or otherwise under the same version, is taken over either way") {
  for (const Terms& terms : {push, filling, owned, pull}) {
    CHECK(first_look(terms, alive(4), alive(5)) == Action::adopt);
    CHECK(first_look(terms, alive(4), removed(5)) == Action::adopt);
    CHECK(first_look(terms, removed(4), alive(5)) == Action::adopt);
    CHECK(first_look(terms, alive(5), removed(5)) == Action::adopt);
    CHECK(first_look(terms, alive(5), alive(5)) == Action::none);
    CHECK(first_look(terms, removed(5), removed(5)) == Action::none);
  }
}

TEST_CASE("what the store does not know is left alone, taken over or suspect, as its table is") {
  CHECK(first_look(push, nothing, alive(5)) == Action::none);
  CHECK(first_look(filling, nothing, alive(5)) == Action::adopt);
  CHECK(first_look(owned, nothing, alive(5)) == Action::suspect);
  CHECK(first_look(pull, nothing, alive(5)) == Action::adopt);
  CHECK(first_look({Direction::push, false, true}, nothing, alive(5)) == Action::none);
  for (const Terms& terms : {push, filling, owned, pull}) {
    CHECK(first_look(terms, nothing, removed(5)) == Action::none);
    CHECK(first_look(terms, nothing, nothing) == Action::none);
  }
}

TEST_CASE("only what the second pass finds as the first one did is removed") {
  CHECK(second_look(owned, 5, true, nothing, alive(5)) == Action::remove);
  CHECK(second_look(owned, 5, false, nothing, alive(5)) == Action::suspect);  // too early
  CHECK(second_look(owned, 5, true, nothing, alive(6)) == Action::none);      // somebody writes it
  CHECK(second_look(owned, 5, true, nothing, nothing) == Action::none);
  CHECK(second_look(owned, 5, true, nothing, removed(6)) == Action::none);
  CHECK(second_look(owned, 5, true, alive(7), alive(5)) == Action::none);  // the application put it meanwhile
  CHECK(second_look(filling, 5, true, nothing, alive(5)) == Action::adopt);
  CHECK(second_look(push, 5, true, nothing, alive(5)) == Action::none);

  CHECK(second_look(pull, 5, true, alive(5), nothing) == Action::remove);
  CHECK(second_look(pull, 5, false, alive(5), nothing) == Action::suspect);
  CHECK(second_look(pull, 5, true, alive(6), nothing) == Action::none);  // heard of meanwhile
  CHECK(second_look(pull, 5, true, removed(6), nothing) == Action::none);
  CHECK(second_look(pull, 5, true, alive(5), alive(5)) == Action::none);  // written back
  CHECK(second_look(pull, 5, true, alive(5), alive(6)) == Action::adopt);
  CHECK(second_look(pull, 5, true, alive(5), alive(4)) == Action::none);  // never backwards
  CHECK(second_look(pull, 5, true, alive(5), removed(4)) == Action::none);
}
