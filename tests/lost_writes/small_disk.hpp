#pragma once
/// A real disk of some megabytes that can be filled, made read-only and taken away.

#include <filesystem>
#include <memory>
#include <string>

#include "lab/temp_dir.hpp"

namespace dbha::test {

/// A tmpfs in a mount namespace of the thread that made it, and of what it starts from then on; the kernel takes it
/// down with them. The namespace stays the thread's own afterwards.
class SmallDisk {
 public:
  /// Null where it is not permitted: `why_not` then says so.
  static std::unique_ptr<SmallDisk> make(const std::string& size, std::string& why_not);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return folder_.path(); }
  void fill() const;
  void make_room() const;
  /// While nothing on it is open for writing.
  void read_only(bool whether) const;
  /// What is open stays so; all else is gone.
  void take_away();

 private:
  explicit SmallDisk(const std::string& size);

  lab::TempDir folder_{"dbha-disk"};
  bool mounted_ = false;
};

}  // namespace dbha::test
