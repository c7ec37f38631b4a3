#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace dbha::test {

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
  void write(const std::string& content) const { std::ofstream(path_, std::ios::trunc) << content; }
  void remove() const { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace dbha::test
