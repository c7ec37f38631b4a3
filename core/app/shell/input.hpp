#pragma once

#include <optional>
#include <string>

namespace dbha::shell {

/// Lines of a descriptor, of any length. What stands behind the last newline is a line too.
class Input {
 public:
  explicit Input(int fd) : fd_(fd) {}

  /// The next line that has been read, without its newline.
  std::optional<std::string> take();
  /// Reads what is there; waits if nothing is.
  void read();
  /// There is nothing more to read.
  bool ended() const { return ended_; }

 private:
  int fd_;
  std::string text_;
  std::size_t begin_ = 0;     ///< of the next line in text_
  std::size_t searched_ = 0;  ///< no newline stands before it: a line of megabytes is searched once
  bool ended_ = false;
};

}  // namespace dbha::shell
