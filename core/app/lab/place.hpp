#pragma once
#include <string>

namespace dbha::lab {

/// Where a process runs, and the address by which all others reach it.
struct Place {
  std::string host = "127.0.0.1";
  int network = -1;  ///< a descriptor of its network namespace, open for as long as this is used; -1: the lab's own
};

/// While this lives, the calling thread is in the place's network: what it starts meanwhile, processes and threads, is
/// there for good. Throws std::system_error where that is not permitted.
class Inside {
 public:
  explicit Inside(const Place& place);
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  int before_ = -1;
};

}  // namespace dbha::lab
