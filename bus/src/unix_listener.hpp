#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

namespace dbha::bus {

/// A UNIX socket file that this process listens on. libzmq alone would take the file away from a living process, and
/// creates it with whatever the umask allows; so the socket is made here and handed to it (ZMQ_USE_FD).
class UnixListener {
 public:
  /// Replaces a file that a dead process left behind. Without `mode` the umask decides. Throws StartError.
  UnixListener(std::string path, std::optional<mode_t> mode);
  /// Removes the file, if it is still this one. Before the socket is closed: as long as it listens, no other process
  /// takes the file for a dead one's.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  /// The caller closes it.
  int release();

 private:
  void bind_and_listen(std::optional<mode_t> mode);

  std::string path_;
  int fd_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// What is behind a socket file.
enum class Behind { nobody, somebody, forbidden };
/// Asks by connecting. `forbidden`: the file belongs to another user, and nothing more can be known.
Behind who_is_behind(const std::string& path);

}  // namespace dbha::bus
