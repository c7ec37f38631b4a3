// RESP2 as bytes: what is written, and what is read, however it is cut.
#include "redis/resp.hpp"

#include <hiredis/hiredis.h>

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::redis;

namespace {

constexpr std::size_t limit = std::size_t{1} << 22;

std::vector<Value> read_all(std::string_view bytes, std::size_t piece) {
  ReplyReader reader(limit);
  std::vector<Value> values;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    reader.feed(bytes.substr(0, piece));
    Value value;
    while (reader.next(value) == ReplyReader::Status::reply) values.push_back(std::move(value));
    REQUIRE(reader.error().empty());
  }
  return values;
}

std::string why_broken(std::string_view bytes, std::size_t max = limit) {
  ReplyReader reader(max);
  reader.feed(bytes);
  Value value;
  ReplyReader::Status status;
  while ((status = reader.next(value)) == ReplyReader::Status::reply) {
  }
  CHECK(status == ReplyReader::Status::broken);
  CHECK(reader.next(value) == ReplyReader::Status::broken);  // and stays so
  return reader.error();
}

}  // namespace

TEST_CASE("commands are written as hiredis writes them") {
  const std::vector<std::string> args{"SET", "", std::string("a\0\r\n", 4), std::string(1234, 'x')};
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto& arg : args) {
    texts.push_back(arg.data());
    sizes.push_back(arg.size());
  }
  char* expected = nullptr;
  const auto size = redisFormatCommandArgv(&expected, static_cast<int>(args.size()), texts.data(), sizes.data());
  std::string out = "before";
  append_command(out, args);
  CHECK(out == "before" + std::string(expected, static_cast<std::size_t>(size)));
  redisFreeCommand(expected);
}

TEST_CASE("replies are the same values however the stream is cut") {
  const std::string stream =
      "+OK\r\n-ERR no\r\n:-42\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n*-1\r\n*0\r\n"
      "*3\r\n*2\r\n:1\r\n$1\r\nx\r\n$-1\r\n*1\r\n*1\r\n+deep\r\n";
  const auto whole = read_all(stream, stream.size());
  REQUIRE(whole.size() == 9);
  CHECK(whole[0].kind == Value::Kind::status);
  CHECK(whole[0].text == "OK");
  CHECK(whole[1].kind == Value::Kind::error);
  CHECK(whole[2].integer == -42);
  CHECK(whole[3].kind == Value::Kind::nil);
  CHECK(whole[4].kind == Value::Kind::text);
  CHECK(whole[5].text == "a\r\nbc");
  CHECK(whole[6].kind == Value::Kind::nil);
  CHECK(whole[7].elements.empty());
  REQUIRE(whole[8].elements.size() == 3);
  CHECK(whole[8].elements[0].elements[1].text == "x");
  CHECK(whole[8].elements[1].kind == Value::Kind::nil);
  CHECK(whole[8].elements[2].elements[0].elements[0].text == "deep");
  for (std::size_t piece = 1; piece < stream.size(); ++piece) CHECK(read_all(stream, piece) == whole);
}

TEST_CASE("a large array is read whole") {
  std::string stream = "*10000\r\n";
  for (int i = 0; i < 10000; ++i) stream += "*1\r\n:" + std::to_string(i) + "\r\n";
  const auto values = read_all(stream, 4000);
  REQUIRE(values.size() == 1);
  REQUIRE(values[0].elements.size() == 10000);
  CHECK(values[0].elements[9999].elements[0].integer == 9999);
}

TEST_CASE("what is no RESP2 breaks the stream with a reason") {
  CHECK(why_broken("HTTP/1.1 400 Bad Request\r\n").starts_with("this is not RESP2: "));
  CHECK(why_broken("+OK\r\n\x7f\x45\x4c\x46").starts_with("this is not RESP2: "));
  CHECK(why_broken("%1\r\n+a\r\n+b\r\n").starts_with("this is not RESP2: "));  // RESP3, which nobody asked for
  CHECK(why_broken(">1\r\n+a\r\n").starts_with("this is not RESP2: "));
}

TEST_CASE("a reply longer than the limit breaks the stream before it has been read") {
  const std::string expected = "the reply is longer than 1000 bytes";
  CHECK(why_broken("$100000\r\n" + std::string(2000, 'x'), 1000) == expected);
  std::string nils = "*2147483647\r\n";
  for (int i = 0; i < 100; ++i) nils += "$-1\r\n";
  CHECK(why_broken(nils, 1000) == expected);
}

TEST_CASE("a promise of two thousand million elements costs nothing") {
  ReplyReader reader(limit);
  reader.feed("*2147483647\r\n:1\r\n");
  Value value;
  CHECK(reader.next(value) == ReplyReader::Status::incomplete);
}
