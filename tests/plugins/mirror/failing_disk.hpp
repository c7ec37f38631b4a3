#pragma once
/// A disk under SQLite that is full, read-only or broken on command.

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include <sqlite3.h>

namespace dbha::test {

/// For the files opened while it lives. One at a time.
class FailingDisk {
 public:
  FailingDisk() {
    real() = sqlite3_vfs_find(nullptr);
    vfs_ = *real();
    vfs_.zName = "failing";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real()->szOsFile;
    vfs_.xOpen = &FailingDisk::open;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FailingDisk() {
    repair();
    sqlite3_vfs_register(real(), 1);
    sqlite3_vfs_unregister(&vfs_);
  }
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  /// What every write returns from now on: SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR ...
  static void fail_with(int code) { result() = code; }
  /// No file grows beyond so many bytes.
  static void room(std::int64_t bytes) { most() = bytes; }
  static void repair() {
    result() = SQLITE_OK;
    most() = INT64_MAX;
  }

 private:
  struct File {
    sqlite3_file base;
    sqlite3_io_methods methods;
    sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static sqlite3_vfs*& real() {
    static sqlite3_vfs* vfs = nullptr;
    return vfs;
  }
  static std::atomic<int>& result() {
    static std::atomic<int> code = SQLITE_OK;
    return code;
  }
  static std::atomic<std::int64_t>& most() {
    static std::atomic<std::int64_t> bytes = INT64_MAX;
    return bytes;
  }
  static File* file(sqlite3_file* handle) { return reinterpret_cast<File*>(handle); }
  static sqlite3_file* inner(sqlite3_file* handle) { return file(handle)->inner(); }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* handle, int flags, int* out) {
    File* opened = file(handle);
    opened->base.pMethods = nullptr;
    sqlite3_file* to = opened->inner();
    const int code = real()->xOpen(real(), name, to, flags, out);
    if (!to->pMethods) return code;
    opened->methods = methods();
    opened->base.pMethods = &opened->methods;
    return code;
  }

  static sqlite3_io_methods methods() {
    sqlite3_io_methods m{};
    m.iVersion = 2;
    m.xClose = [](sqlite3_file* f) { return inner(f)->pMethods->xClose(inner(f)); };
    m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
      return inner(f)->pMethods->xRead(inner(f), to, n, at);
    };
    m.xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
      if (result() != SQLITE_OK) return result().load();
      return at + n > most() ? SQLITE_FULL : inner(f)->pMethods->xWrite(inner(f), from, n, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 n) { return inner(f)->pMethods->xTruncate(inner(f), n); };
    m.xSync = [](sqlite3_file* f, int flags) { return inner(f)->pMethods->xSync(inner(f), flags); };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) { return inner(f)->pMethods->xFileSize(inner(f), n); };
    m.xLock = [](sqlite3_file* f, int level) { return inner(f)->pMethods->xLock(inner(f), level); };
    m.xUnlock = [](sqlite3_file* f, int level) { return inner(f)->pMethods->xUnlock(inner(f), level); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return inner(f)->pMethods->xCheckReservedLock(inner(f), out);
    };
    m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
      return inner(f)->pMethods->xFileControl(inner(f), op, arg);
    };
    m.xSectorSize = [](sqlite3_file* f) { return inner(f)->pMethods->xSectorSize(inner(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) { return inner(f)->pMethods->xDeviceCharacteristics(inner(f)); };
    m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return inner(f)->pMethods->xShmMap(inner(f), page, size, extend, out);
    };
    m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
      return inner(f)->pMethods->xShmLock(inner(f), offset, n, flags);
    };
    m.xShmBarrier = [](sqlite3_file* f) { inner(f)->pMethods->xShmBarrier(inner(f)); };
    m.xShmUnmap = [](sqlite3_file* f, int remove) { return inner(f)->pMethods->xShmUnmap(inner(f), remove); };
    return m;
  }

  sqlite3_vfs vfs_{};
};

}  // namespace dbha::test
