#include "mirror/trouble.hpp"

namespace dbha::mirror {
namespace {

const char* advice(int code) {
  switch (code) {
    case SQLITE_FULL:
      return "make room on its disk; writes are accepted again at once";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "it must be writable for the user of this process";
    case SQLITE_CANTOPEN:
      return "its folder must exist and be writable for the user of this process; a file that was moved away while the "
             "process ran needs a restart";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "it is damaged: stop the process and move the file away to begin with an empty store, or bring a copy "
             "back; "
             "what the database had not confirmed is in that file only";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process uses it: each mirror needs a `file` of its own";
    case SQLITE_MISMATCH:
      return "move the file away to begin with an empty store, or run dbha as it was when it was written";
    default:
      return "look at its disk (dmesg, df)";
  }
}

}  // namespace

std::string trouble_of(const StoreFailure& failure, const std::filesystem::path& file) {
  return "the mirror's store " + file.string() + " cannot be used: " + failure.what() + "; " + advice(failure.code());
}

}  // namespace dbha::mirror
