#include "unix_listener.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <dbha/error.hpp>

namespace dbha::bus {
namespace {

constexpr int backlog = 128;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw StartError("ipc://" + path + ": the path has " + std::to_string(path.size()) +
                     " bytes, a socket file's may have at most " + std::to_string(sizeof address.sun_path - 1));
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw StartError("ipc://" + path + ": " + what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Held while a file is examined and replaced: of two processes that start at the same moment, the second sees the
/// first one listening. Nothing is left behind, since it is the folder that is locked.
Descriptor lock_folder(const std::string& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  Descriptor lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.get() < 0 && errno == ENOENT)
    throw StartError("ipc://" + path + ": the folder " + folder.string() + " does not exist; create it");
  if (lock.get() < 0) fail(path, "cannot open its folder");
  if (flock(lock.get(), LOCK_EX) != 0) fail(path, "cannot lock its folder");
  return Descriptor(lock.release());
}

int connect_retrying(int fd, const sockaddr_un& address) {
  int rc = 0;
  do rc = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  while (rc != 0 && errno == EINTR);
  return rc;
}

}  // namespace

Behind who_is_behind(const std::string& path) {
  const auto address = address_of(path);
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (probe.get() < 0) fail(path, "socket");
  if (connect_retrying(probe.get(), address) == 0) return Behind::somebody;
  if (errno == ECONNREFUSED || errno == ENOENT) return Behind::nobody;
  return errno == EACCES || errno == EPERM ? Behind::forbidden : Behind::somebody;  // EAGAIN: its backlog is full
}

UnixListener::UnixListener(std::string path, std::optional<mode_t> mode) : path_(std::move(path)) {
  (void)address_of(path_);
  const auto lock = lock_folder(path_);
  struct stat found {};
  if (lstat(path_.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      throw StartError("ipc://" + path_ + ": a file is there that is no socket; move it away or choose another path");
    const Behind behind = who_is_behind(path_);
    if (behind == Behind::somebody)
      throw StartError("ipc://" + path_ + ": a process listens there; already running? Stop it or choose another path");
    if (behind == Behind::forbidden)
      throw StartError("ipc://" + path_ + ": a socket file of another user is there; choose another path");
    if (unlink(path_.c_str()) != 0) fail(path_, "cannot remove the socket file of a process that is gone");
  }
  bind_and_listen(mode);
}

void UnixListener::bind_and_listen(std::optional<mode_t> mode) {
  const auto address = address_of(path_);
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.get() < 0) fail(path_, "socket");
  // On Linux bind() creates the file with the mode of the socket, so there is no moment with a wider one.
  if (mode && fchmod(listener.get(), *mode) != 0) fail(path_, "fchmod");
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail(path_, "bind");
  struct stat made {};
  if (lstat(path_.c_str(), &made) != 0) fail(path_, "stat");
  device_ = made.st_dev;
  inode_ = made.st_ino;
  if (listen(listener.get(), backlog) != 0) fail(path_, "listen");
  fd_ = listener.release();
}

UnixListener::~UnixListener() {
  struct stat found {};
  if (lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) unlink(path_.c_str());
  if (fd_ >= 0) close(fd_);
}

int UnixListener::release() {
  return std::exchange(fd_, -1);
}

}  // namespace dbha::bus
