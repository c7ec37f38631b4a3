#pragma once
/// The log of a process: one line an event, to standard error or to a file.
///
///     2026-11-22T13:50:07.123Z info  failover shard=0-5460 primary="node 3"

#include <filesystem>
#include <memory>

#include <dbha/context.hpp>

namespace spdlog {
class logger;
}

namespace dbha {

/// Any thread. write() never throws: a full disk must not end the process that keeps the database available; what could
/// not be written is reported on standard error, at most once a second.
class SpdlogLog : public Log {
 public:
  /// To standard error if `file` is empty, else appended to that file. Throws StartError if it cannot be opened.
  explicit SpdlogLog(LogLevel level, const std::filesystem::path& file = {});
  ~SpdlogLog() override;

  bool enabled(LogLevel level) const override;
  void write(LogLevel level, std::string_view event, Fields fields) override;

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace dbha
