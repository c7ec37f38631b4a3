#include "shell/input.hpp"

#include <array>
#include <cerrno>

#include <unistd.h>

namespace dbha::shell {

std::optional<std::string> Input::take() {
  const auto end = text_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = text_.size();
    if (!ended_ || begin_ == text_.size()) return std::nullopt;
    std::string last = text_.substr(begin_);
    begin_ = text_.size();
    return last;
  }
  std::string line = text_.substr(begin_, end - begin_);
  begin_ = searched_ = end + 1;
  return line;
}

void Input::read() {
  text_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  std::array<char, 65536> block;
  const auto got = ::read(fd_, block.data(), block.size());
  if (got > 0) text_.append(block.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) ended_ = true;
}

}  // namespace dbha::shell
