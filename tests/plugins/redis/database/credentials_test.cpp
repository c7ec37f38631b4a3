// Where the password comes from, and what is said when it cannot.
#include "redis/credentials.hpp"

#include "password_file.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/test_log.hpp"

using namespace dbha;
using namespace dbha::redis;
using namespace dbha::test;

namespace {

GivenOptions login(std::string username, std::string password_file) {
  return GivenOptions({{"username", std::move(username)}, {"password_file", std::move(password_file)}});
}

std::string why_refused(const GivenOptions& options) {
  return test::why_refused([&] { read_credentials(options); });
}

}  // namespace

TEST_CASE("the password is the file without the newline at its end") {
  for (const std::string content : {"secret", "secret\n", "secret\r\n"}) {
    const PasswordFile file(content);
    const auto credentials = read_credentials(login("app", file.path()));
    CHECK(credentials.username == "app");
    CHECK(credentials.password == "secret");
  }
  const PasswordFile spaced(" two words \n\n");
  CHECK(read_credentials(login("", spaced.path())).password == " two words \n");
}

TEST_CASE("without a password file nobody logs in") {
  CHECK(read_credentials(login("", "")).password.empty());
}

TEST_CASE("a password file that cannot be used is refused with its place in the configuration") {
  CHECK(why_refused(login("app", "/no/such/file")) ==
        "nb.toml:7:1: password_file: expected a readable file, found that '/no/such/file' cannot be read: No such "
        "file or directory");
  const PasswordFile empty("\n");
  CHECK(why_refused(login("app", empty.path())) ==
        "nb.toml:7:1: password_file: expected a password in '" + empty.path() + "', found an empty file");
  CHECK(why_refused(login("app", "")) == "nb.toml:7:1: username: a username needs a password: set password_file too");
}

TEST_CASE("the password file is read again when a node has refused what it contained before") {
  const PasswordFile file("old\n");
  TestLog log;
  CredentialsFile credentials(login("app", file.path()), log);
  const Credentials old = credentials.current();
  CHECK_FALSE(credentials.renewed_since(old));
  file.write("new\n");
  CHECK(credentials.current() == old);  // nobody has refused it: it is good
  CHECK(credentials.renewed_since(old));
  CHECK(credentials.current() == Credentials{"app", "new"});
  CHECK(credentials.renewed_since(old));  // for another connection, which had logged in before
  CHECK_FALSE(credentials.renewed_since(credentials.current()));
  CHECK(log.lines() == std::vector<std::string>{"password_file_read_again file=" + file.path()});
}

TEST_CASE("a password file that is being written changes nothing, and the log says so once") {
  const PasswordFile file("old\n");
  TestLog log;
  CredentialsFile credentials(login("app", file.path()), log);
  const Credentials old = credentials.current();
  file.write("");
  for (int i = 0; i < 3; ++i) CHECK_FALSE(credentials.renewed_since(old));
  file.remove();
  for (int i = 0; i < 3; ++i) CHECK_FALSE(credentials.renewed_since(old));
  CHECK(credentials.current() == old);
  CHECK(log.lines().size() == 2);
  CHECK(
      log.contains("password_file_unusable reason=expected a password in '" + file.path() + "', found an empty file"));
  file.write("new");
  CHECK(credentials.renewed_since(old));
  CHECK_FALSE(log.contains("old"));
}

TEST_CASE("credentials without a file never change") {
  CredentialsFile credentials({"app", "secret"});
  CHECK_FALSE(credentials.renewed_since(credentials.current()));
}
