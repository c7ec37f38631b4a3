#include "lost_writes/small_disk.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lab/file_descriptor.hpp"

namespace dbha::test {
namespace {

void require(bool done, const std::string& what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

std::unique_ptr<SmallDisk> SmallDisk::make(const std::string& size, std::string& why_not) {
  try {
    return std::unique_ptr<SmallDisk>(new SmallDisk(size));
  } catch (const std::system_error& e) {
    why_not = e.what();
    return nullptr;
  }
}

SmallDisk::SmallDisk(const std::string& size) {
  require(unshare(CLONE_NEWNS) == 0, "no mount namespace can be made, are you root?");
  require(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mounts cannot be made private");
  require(mount("tmpfs", path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0, "no tmpfs can be mounted");
  mounted_ = true;
}

SmallDisk::~SmallDisk() {
  if (mounted_) umount2(path().c_str(), MNT_DETACH);
}

void SmallDisk::fill() const {
  const lab::FileDescriptor file(open((path() / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::vector<char> some(4096, 'x');
  while (write(file.get(), some.data(), some.size()) > 0) {
  }
  require(errno == ENOSPC, "the disk is not full");
}

void SmallDisk::make_room() const {
  std::filesystem::remove(path() / "filler");
}

void SmallDisk::read_only(bool whether) const {
  require(mount(nullptr, path().c_str(), nullptr,
                static_cast<unsigned long>(whether ? MS_REMOUNT | MS_RDONLY : MS_REMOUNT), nullptr) == 0,
          "the disk cannot be mounted anew");
}

void SmallDisk::take_away() {
  require(umount2(path().c_str(), MNT_DETACH) == 0, "the disk cannot be unmounted");
  mounted_ = false;
}

}  // namespace dbha::test
