#include "redis/credentials.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <dbha/error.hpp>

namespace dbha::redis {

Credentials read_credentials(const Options& options) {
  Credentials credentials{.username = options.text("username"), .password = {}};
  const std::string path = options.text("password_file");
  if (path.empty()) {
    if (credentials.username.empty()) return credentials;
    throw ConfigError(options.where("username") + ": a username needs a password: set password_file too");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string password{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    throw ConfigError(options.where("password_file") + ": expected a readable file, found that '" + path +
                      "' cannot be read: " + std::strerror(errno));
  }
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) {
    throw ConfigError(options.where("password_file") + ": expected a password in '" + path + "', found an empty file");
  }
  credentials.password = std::move(password);
  return credentials;
}

}  // namespace dbha::redis
