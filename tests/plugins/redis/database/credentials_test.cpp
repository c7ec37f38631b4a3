// Where the password comes from, and what is said when it cannot.
#include "redis/credentials.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <unistd.h>

#include <dbha/error.hpp>

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::redis;

namespace {

class GivenOptions final : public Options {
 public:
  GivenOptions(std::string username, std::string password_file)
      : texts_{{"username", std::move(username)}, {"password_file", std::move(password_file)}} {}
  std::string text(std::string_view name) const override { return texts_.at(std::string(name)); }
  std::int64_t integer(std::string_view) const override { throw PluginError("not declared"); }
  bool flag(std::string_view) const override { throw PluginError("not declared"); }
  Duration duration(std::string_view) const override { throw PluginError("not declared"); }
  std::uint64_t size(std::string_view) const override { throw PluginError("not declared"); }
  std::vector<std::string> text_list(std::string_view) const override { throw PluginError("not declared"); }
  std::string where(std::string_view name) const override { return "sb.toml:12:1: " + std::string(name); }

 private:
  std::map<std::string, std::string> texts_;
};

/// A file with this content, for as long as it lives.
class PasswordFile {
 public:
  explicit PasswordFile(const std::string& content) {
    std::string name = (std::filesystem::temp_directory_path() / "dbha-password-XXXXXX").string();
    const int fd = mkstemp(name.data());
    if (fd >= 0) close(fd);
    path_ = name;
    std::ofstream(path_) << content;
  }
  ~PasswordFile() { std::filesystem::remove(path_); }
  PasswordFile(const PasswordFile&) = delete;
  PasswordFile& operator=(const PasswordFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string why_refused(const GivenOptions& options) {
  try {
    read_credentials(options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the password is the file without the newline at its end") {
  for (const std::string content : {"secret", "secret\n", "secret\r\n"}) {
    const PasswordFile file(content);
    const auto credentials = read_credentials(GivenOptions("app", file.path()));
    CHECK(credentials.username == "app");
    CHECK(credentials.password == "secret");
  }
  const PasswordFile spaced(" two words \n\n");
  CHECK(read_credentials(GivenOptions("", spaced.path())).password == " two words \n");
}

TEST_CASE("without a password file nobody logs in") {
  CHECK(read_credentials(GivenOptions("", "")).password.empty());
}

TEST_CASE("a password file that cannot be used is refused with its place in the configuration") {
  CHECK(why_refused(GivenOptions("app", "/no/such/file")) ==
        "sb.toml:12:1: password_file: expected a readable file, found that '/no/such/file' cannot be read: No such "
        "file or directory");
  const PasswordFile empty("\n");
  CHECK(why_refused(GivenOptions("app", empty.path())) ==
        "sb.toml:12:1: password_file: expected a password in '" + empty.path() + "', found an empty file");
  CHECK(why_refused(GivenOptions("app", "")) ==
        "sb.toml:12:1: username: a username needs a password: set password_file too");
}
