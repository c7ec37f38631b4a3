// How replies are printed and in which order. That the forms are redis-cli's is tested against redis-cli itself, in
// tests/integration.

#include "shell/replies.hpp"
#include "shell/reply_text.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::shell;

namespace {

Value value(Value::Kind kind, std::string text = "", std::int64_t integer = 0, std::vector<Value> elements = {}) {
  return {.kind = kind, .text = std::move(text), .integer = integer, .elements = std::move(elements)};
}
Value text(std::string of) {
  return value(Value::Kind::text, std::move(of));
}
Value array(std::vector<Value> elements) {
  return value(Value::Kind::array, "", 0, std::move(elements));
}
Value integer(std::int64_t of) {
  return value(Value::Kind::integer, "", of);
}

Result result(Outcome outcome, std::string detail, Value of = {}) {
  return {.outcome = outcome, .value = std::move(of), .detail = std::move(detail), .node = {}};
}

}  // namespace

TEST_CASE("replies have a raw form for programs and a human one for terminals") {
  struct Row {
    Value value;
    std::string raw;
    std::string human;
  };
  const Value error = value(Value::Kind::error, "ERR no");
  const std::vector<Row> rows{
      {{}, "\n", "(nil)\n"},
      {text(""), "\n", "\"\"\n"},
      {text("a\n\"b\"\\\x01\xff\t"), "a\n\"b\"\\\x01\xff\t\n", "\"a\\n\\\"b\\\"\\\\\\x01\\xff\\t\"\n"},
      {value(Value::Kind::status, "OK"), "OK\n", "OK\n"},
      {integer(-5), "-5\n", "(integer) -5\n"},
      {value(Value::Kind::real, "1.5"), "1.5\n", "(double) 1.5\n"},
      {error, "(error) ERR no\n", "(error) ERR no\n"},
      {array({}), "\n", "(empty array)\n"},
      {array({text("a"), {}, integer(1)}), "a\n\n1\n", "1) \"a\"\n2) (nil)\n3) (integer) 1\n"},
      {array({array({text("a"), array({})}), error}), "a\n\n(error) ERR no\n",
       "1) 1) \"a\"\n   2) (empty array)\n2) (error) ERR no\n"},
  };
  for (const auto& row : rows) {
    CHECK(text_of(row.value, Form::raw) == row.raw);
    CHECK(text_of(row.value, Form::human) == row.human);
  }
  const std::string ten = text_of(array(std::vector<Value>(10, array({integer(1), integer(2)}))), Form::human);
  CHECK(ten.starts_with(" 1) 1) (integer) 1\n    2) (integer) 2\n 2) 1) "));
  CHECK(ten.find("\n10) 1) (integer) 1\n    2) ") != std::string::npos);
}

TEST_CASE("a call without a reply says how it ended") {
  const auto said = [](const Result& of) { return text_of(of, Form::raw); };
  CHECK(said(result(Outcome::ok, "", text("v"))) == "v\n");
  CHECK(said(result(Outcome::error_reply, "node says", value(Value::Kind::error, "ERR no"))) == "(error) ERR no\n");
  CHECK(said(result(Outcome::timeout, "no answer")) == "(timeout) no answer\n");
  CHECK(said(result(Outcome::outcome_unknown, "lost")) == "(unknown-outcome) lost\n");
  CHECK(said(result(Outcome::refused, "full")) == "(unavailable) full\n");
  CHECK(said(result(Outcome::cancelled, "stopped")) == "(unavailable) stopped\n");
}

TEST_CASE("replies are taken in the order of their commands, whatever the order in which they come") {
  int came = 0;
  Replies replies([&came] { ++came; });
  auto first = replies.expect(10);
  auto second = replies.expect(5);
  replies.add(result(Outcome::ok, "third"));
  CHECK(replies.outstanding().calls == 2);
  CHECK(replies.outstanding().bytes == 15);

  second(result(Outcome::ok, "second"));
  CHECK(came == 1);
  CHECK_FALSE(replies.take());
  CHECK(replies.outstanding().calls == 1);
  CHECK(replies.outstanding().bytes == 10);

  first(result(Outcome::ok, "first"));
  CHECK(replies.take().value().detail == "first");
  auto fourth = replies.expect(1);
  CHECK(replies.take().value().detail == "second");
  CHECK(replies.take().value().detail == "third");
  CHECK_FALSE(replies.take());
  CHECK_FALSE(replies.empty());
  fourth(result(Outcome::ok, "fourth"));
  CHECK(replies.take().value().detail == "fourth");
  CHECK(replies.empty());
  CHECK(replies.outstanding().calls == 0);
}
