#include "log/log_line.hpp"

#include "support/catch.hpp"

using namespace dbha;

TEST_CASE("a line is the level, the event and its fields") {
  CHECK(log_line(LogLevel::info, "failover", {{"shard", "0-5460"}, {"primary", "10.0.0.1:7000"}}) ==
        "info  failover shard=0-5460 primary=10.0.0.1:7000");
  CHECK(log_line(LogLevel::error, "stopped", {}) == "error stopped");
  CHECK(log_line(LogLevel::warning, "slow", {}) == "warning slow");
}

TEST_CASE("a value is quoted when it would be taken apart otherwise") {
  const auto value = [](std::string text) { return log_line(LogLevel::info, "e", {{"k", std::move(text)}}); };
  CHECK(value("va lue") == "info  e k=\"va lue\"");
  CHECK(value("") == "info  e k=\"\"");
  CHECK(value("a=b") == "info  e k=\"a=b\"");
  CHECK(value("say \"hi\"") == "info  e k=\"say \\\"hi\\\"\"");
  CHECK(value("C:\\x") == "info  e k=\"C:\\\\x\"");
  CHECK(value("Grüße") == "info  e k=Grüße");
}

TEST_CASE("a hostile text can neither forge a line nor steer a terminal") {
  CHECK(log_line(LogLevel::info, "garbage", {{"reason", "x\n2026-11-22T13:50:07.123Z error forged"}}) ==
        "info  garbage reason=\"x\\n2026-11-22T13:50:07.123Z error forged\"");
  CHECK(log_line(LogLevel::info, "e", {{"k", "\x1b[2J\r\t\x7f"}}) == "info  e k=\"\\x1b[2J\\x0d\\x09\\x7f\"");
  CHECK(log_line(LogLevel::info, "e", {{"k", std::string("a\0b", 3)}}) == "info  e k=\"a\\x00b\"");
  CHECK(log_line(LogLevel::info, "e",
                 {{"k",
                   "\xc2\x9b"
                   "2J"}}) ==
        "info  e k=\"\xc2\\x9b"
        "2J\"");
  CHECK(log_line(LogLevel::info, "ev\nent", {{"k\ney", "v"}}) == "info  ev\\nent k\\ney=v");
}
