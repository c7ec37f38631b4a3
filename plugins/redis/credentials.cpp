#include "redis/credentials.hpp"

#include <utility>

#include <dbha/error.hpp>

#include "redis/file_content.hpp"

namespace dbha::redis {
namespace {

Parsed<std::string> read_password(const std::string& path) {
  auto content = content_of(path);
  if (violation_of(content)) return content;
  auto& password = std::get<std::string>(content);
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) return Violation{"expected a password in '" + path + "', found an empty file"};
  return content;
}

}  // namespace

Credentials read_credentials(const Options& options) {
  Credentials credentials{.username = options.text("username"), .password = {}};
  const std::string path = options.text("password_file");
  if (path.empty()) {
    if (credentials.username.empty()) return credentials;
    throw ConfigError(options.where("username") + ": a username needs a password: set password_file too");
  }
  auto password = read_password(path);
  if (const auto* violation = violation_of(password)) {
    throw ConfigError(options.where("password_file") + ": " + violation->text);
  }
  credentials.password = std::get<std::string>(std::move(password));
  return credentials;
}

bool CredentialsFile::renewed_since(const Credentials& refused) {
  if (current_ == refused && !path_.empty()) read_again();
  return current_ != refused;
}

void CredentialsFile::read_again() {
  auto password = read_password(path_);
  if (const auto* violation = violation_of(password)) {
    if (log_ && std::exchange(complaint_, violation->text) != violation->text) {
      log_->warning("password_file_unusable", {{"reason", violation->text}, {"advice", "the last password is kept"}});
    }
    return;
  }
  complaint_.clear();
  if (std::get<std::string>(password) == current_.password) return;
  current_.password = std::get<std::string>(std::move(password));
  if (log_) log_->info("password_file_read_again", {{"file", path_}});
}

}  // namespace dbha::redis
