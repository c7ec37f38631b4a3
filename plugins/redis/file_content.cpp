#include "redis/file_content.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace dbha::redis {

Parsed<std::string> content_of(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  // peek() also finds that the path is a folder, which opens like a file.
  if (file.is_open() && file.peek() != std::ifstream::traits_type::eof()) content << file.rdbuf();
  if (file.is_open() && !file.bad()) return content.str();
  return Violation{"expected a readable file, found that '" + path + "' cannot be read: " + std::strerror(errno)};
}

}  // namespace dbha::redis
