#pragma once
/// As whom the plugin logs in.

#include <string>

#include <dbha/context.hpp>

namespace dbha::redis {

/// An empty password: no AUTH is sent. Never log it, never put it into a detail.
struct Credentials {
  std::string username;  ///< empty: the default user
  std::string password;
};

/// Reads the options `username` and `password_file`. The file is read once; one newline at its end is not part of the
/// password. Throws ConfigError, beginning with the option's place, when the file cannot be used.
Credentials read_credentials(const Options& options);

}  // namespace dbha::redis
