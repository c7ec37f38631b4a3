#include "shell/transaction.hpp"

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::shell;

namespace {

/// The reply, or "sent" or "other".
std::string said(const Transaction::Step& step) {
  const auto* value = std::get_if<Value>(&step);
  if (!value) return std::holds_alternative<Transaction::Commands>(step) ? "sent" : "other";
  if (value->kind == Value::Kind::array) return "empty array";
  return (value->kind == Value::Kind::error ? "(error) " : "") + value->text;
}

}  // namespace

TEST_CASE("what stands between MULTI and EXEC is sent as one, and answered as the server would") {
  Transaction transaction;
  CHECK(said(transaction.take({"GET", "k"})) == "other");
  CHECK(said(transaction.take({"multi"})) == "OK");
  CHECK(transaction.open());
  CHECK(said(transaction.take({"SET", "k", "v"})) == "QUEUED");
  CHECK(said(transaction.take({"Multi"})) == "(error) ERR MULTI calls can not be nested");
  CHECK(said(transaction.take({"GET", "k"})) == "QUEUED");
  const auto sent = transaction.take({"EXEC"});
  REQUIRE(said(sent) == "sent");
  CHECK(std::get<Transaction::Commands>(sent) == Transaction::Commands{{"SET", "k", "v"}, {"GET", "k"}});
  CHECK_FALSE(transaction.open());
  CHECK(said(transaction.take({"exec"})) == "(error) ERR EXEC without MULTI");
}

TEST_CASE("DISCARD drops what was queued, and an empty transaction is not sent") {
  Transaction transaction;
  CHECK(said(transaction.take({"DISCARD"})) == "(error) ERR DISCARD without MULTI");
  transaction.take({"MULTI"});
  transaction.take({"SET", "k", "v"});
  CHECK(said(transaction.take({"discard"})) == "OK");
  CHECK(said(transaction.take({"MULTI"})) == "OK");
  CHECK(said(transaction.take({"EXEC"})) == "empty array");
  CHECK(said(transaction.take({"GET", "k"})) == "other");
}
