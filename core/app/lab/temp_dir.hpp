#pragma once
#include <filesystem>
#include <string>

namespace dbha::lab {

/// A new folder below $TMPDIR (or /tmp), removed with all it contains by the destructor, unless keep() was called.
class TempDir {
 public:
  /// The folder's name is `prefix`, a dash and six random characters. Throws std::system_error if it cannot be made.
  explicit TempDir(const std::string& prefix = "dbha-lab");
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Leaves the folder where it is, for a human to look at.
  void keep() { keep_ = true; }

 private:
  std::filesystem::path path_;
  bool keep_ = false;
};

}  // namespace dbha::lab
