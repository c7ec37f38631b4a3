// "a" is in slot 15495, "b" in 3300, "{a}1" in that of "a".
#include "redis/call_intake.hpp"

#include "redis/multi_key.hpp"
#include "redis/slot.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::redis;

namespace {

using Args = std::vector<std::string>;
using Transaction = std::vector<Args>;

std::optional<Partition> place_of(const Call& call) {
  return std::get<Placed>(take_in(call)).slot;
}
Result refusal_of(const Call& call) {
  return std::get<Unfit>(take_in(call)).result;
}

/// MGET of the keys, each answered with its own name.
Result gathered(const Args& args, const std::function<Result(const Call&)>& answer) {
  const Call call{.args = args};
  const KeyPlaces keys = std::get<Spread>(take_in(call)).keys;
  auto parts = split(call, keys);
  std::optional<Result> whole;
  std::vector<Result> answers;
  for (const Part& part : parts) answers.push_back(answer(part.call));
  Gathering gathering(parts, keys.count, [&](Result result) {
    CHECK_FALSE(whole);
    whole = std::move(result);
  });
  for (std::size_t i = 0; i < answers.size(); ++i) {
    CHECK_FALSE(whole);
    gathering.take(answers.size() - 1 - i, answers[answers.size() - 1 - i]);
  }
  REQUIRE(whole);
  return *whole;
}

}  // namespace

TEST_CASE("a call goes where its key is, or where the caller says") {
  CHECK(place_of({.args = {"GET", "a"}}) == slot_of("a"));
  CHECK(place_of({.key = "b", .args = {"GET", "a"}}) == slot_of("b"));
  CHECK(place_of({.args = {"SCAN", "0"}, .partition = Partition{17}}) == Partition{17});
  CHECK(place_of({.args = {"MGET", "a", "{a}1"}}) == slot_of("a"));
  CHECK_FALSE(place_of({.args = {"PING"}}));
}

TEST_CASE("reads are repeatable, other calls only where the caller says so") {
  CHECK(std::get<Placed>(take_in({.args = {"GET", "a"}})).repeatable);
  CHECK_FALSE(std::get<Placed>(take_in({.args = {"SET", "a", "1"}})).repeatable);
  CHECK(std::get<Placed>(take_in({.args = {"SET", "a", "1"}, .repeatable = true})).repeatable);
  CHECK(std::get<Placed>(take_in({.transaction = {{"GET", "a"}, {"GET", "{a}1"}}})).repeatable);
  CHECK_FALSE(std::get<Placed>(take_in({.transaction = {{"GET", "a"}, {"INCR", "a"}}})).repeatable);
}

TEST_CASE("a call that no connection can carry is refused with the reason") {
  CHECK(refusal_of({}).detail == "a call needs a command");
  CHECK(refusal_of({.args = {"SELECT", "1"}}).detail == "SELECT would change the connection for all other calls on it");
  CHECK(refusal_of({.args = {"BLPOP", "a", "0"}}).detail == "BLPOP would hold up all other calls on its connection");
  CHECK(refusal_of({.args = {"GET", "a"}, .partition = Partition{16384}}).detail ==
        "there are partitions 0 to 16383 only");
  CHECK(refusal_of({.args = {"GET", "a"}, .transaction = {{"GET", "a"}}}).detail ==
        "a call has a command or a transaction, not both");
  CHECK(refusal_of({.transaction = Transaction{{"GET", "a"}, {"EXEC"}}}).detail ==
        "EXEC would change the connection for all other calls on it");
  CHECK(refusal_of({.transaction = Transaction{{"GET", "a"}, {}}}).detail == "a call needs a command");
}

TEST_CASE("keys in several slots end as Redis would end them where the command cannot be split") {
  for (const Call& call :
       {Call{.args = {"RENAME", "a", "b"}}, Call{.args = {"SINTER", "a", "b"}},
        Call{.args = {"MSETNX", "a", "1", "b", "2"}}, Call{.transaction = {{"SET", "a", "1"}, {"SET", "b", "1"}}}}) {
    const Result result = refusal_of(call);
    CHECK(result.outcome == Outcome::error_reply);
    CHECK(result.value.text == "CROSSSLOT Keys in request don't hash to the same slot");
  }
}

TEST_CASE("a command that can be split has one part a slot, with its keys in their order") {
  const Call call{.args = {"mset", "a", "1", "b", "2", "{a}1", "3"}, .repeatable = true};
  const auto parts = split(call, std::get<Spread>(take_in(call)).keys);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].call.args == Args{"mset", "a", "1", "{a}1", "3"});
  CHECK(parts[0].keys == std::vector<std::size_t>{0, 2});
  CHECK(parts[1].call.args == Args{"mset", "b", "2"});
  CHECK(parts[1].call.repeatable);
}

TEST_CASE("the values of a split MGET stand in the order of its keys") {
  const Result result = gathered({"MGET", "a", "b", "{a}1", "a"}, [](const Call& call) {
    Value values{.kind = Value::Kind::array};
    for (std::size_t i = 1; i < call.args.size(); ++i)
      values.elements.push_back({.kind = Value::Kind::text, .text = "value of " + call.args[i]});
    return Result{.outcome = Outcome::ok, .value = values};
  });
  REQUIRE(result.ok());
  REQUIRE(result.value.elements.size() == 4);
  CHECK(result.value.elements[0].text == "value of a");
  CHECK(result.value.elements[1].text == "value of b");
  CHECK(result.value.elements[2].text == "value of {a}1");
  CHECK(result.value.elements[3].text == "value of a");
}

TEST_CASE("the counts of a split DEL are added, and MSET is OK once") {
  const auto counted = [](const Call& call) {
    return Result{.outcome = Outcome::ok,
                  .value = {.kind = Value::Kind::integer, .integer = std::int64_t(call.args.size()) - 1}};
  };
  CHECK(gathered({"DEL", "a", "b", "{a}1"}, counted).value.integer == 3);
  const auto done = [](const Call&) {
    return Result{.outcome = Outcome::ok, .value = {.kind = Value::Kind::status, .text = "OK"}};
  };
  CHECK(gathered({"MSET", "a", "1", "b", "2"}, done).value.text == "OK");
}

TEST_CASE("a split call ends as the part that ended worst, and says that the others stand for themselves") {
  const Result result = gathered({"DEL", "a", "b"}, [](const Call& call) {
    if (call.key == "a") return Result{.outcome = Outcome::ok, .value = {.kind = Value::Kind::integer, .integer = 1}};
    return Result{.outcome = Outcome::outcome_unknown, .detail = "lost"};
  });
  CHECK(result.outcome == Outcome::outcome_unknown);
  CHECK(result.detail == "lost; one of 2 parts, each of which stands for itself");
}

TEST_CASE("an answer to a part that is not of the shape of the others breaks nothing") {
  const Result result = gathered({"MGET", "a", "b"}, [](const Call& call) {
    if (call.key == "a") return Result{.outcome = Outcome::ok, .value = {.kind = Value::Kind::array}};
    return Result{.outcome = Outcome::ok, .value = {.kind = Value::Kind::text, .text = "?"}};
  });
  CHECK(result.value.elements.size() == 2);
}
