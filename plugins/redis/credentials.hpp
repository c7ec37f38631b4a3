#pragma once
/// As whom the plugin logs in.

#include <string>

#include <dbha/context.hpp>

namespace dbha::redis {

/// An empty password: no AUTH is sent. Never log it, never put it into a detail.
struct Credentials {
  std::string username;  ///< empty: the default user
  std::string password;
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// Reads the options `username` and `password_file`. One newline at the end of the file is not part of the password.
/// Throws ConfigError, beginning with the option's place, when the file cannot be used.
Credentials read_credentials(const Options& options);

/// The credentials, for as long as the process runs: passwords change. The file is read again when a node has refused
/// what was read before, and at no other time. A file that cannot be used then changes nothing but a line in the log,
/// so that whoever writes it need not do so in one step.
///
/// Loop thread only.
class CredentialsFile {
 public:
  /// An empty path: they never change.
  explicit CredentialsFile(Credentials credentials, std::string path = {}, Log* log = nullptr)
      : current_(std::move(credentials)), path_(std::move(path)), log_(log) {}
  /// As the options say; throws as read_credentials().
  CredentialsFile(const Options& options, Log& log)
      : CredentialsFile(read_credentials(options), options.text("password_file"), &log) {}

  const Credentials& current() const { return current_; }
  /// A node has refused these. True: there are others now, which are worth another try at once.
  bool renewed_since(const Credentials& refused);

 private:
  void read_again();

  Credentials current_;
  std::string path_;
  Log* log_;
  std::string complaint_;  // the last one, so that a node that is tried each second does not fill the log
};

}  // namespace dbha::redis
