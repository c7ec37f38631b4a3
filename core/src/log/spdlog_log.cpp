// The only file that includes spdlog.
#include "log/spdlog_log.hpp"

#include <cstdio>
#include <exception>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <dbha/error.hpp>

#include "log/log_line.hpp"

namespace dbha {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::sink_ptr open_sink(const std::filesystem::path& file) try {
  if (file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
} catch (const spdlog::spdlog_ex& error) {
  throw StartError(file.string() + ": expected a log file that can be appended to, found: " + error.what());
}

}  // namespace

SpdlogLog::SpdlogLog(LogLevel level, const std::filesystem::path& file)
    : logger_(std::make_shared<spdlog::logger>("dbha", open_sink(file))) {
  // UTC, so that lines of several machines can be merged. The rest of the line is made by log_line().
  logger_->set_formatter(
      std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc));
  logger_->set_level(spdlog_level(level));
  // Each line at once: the last lines before a crash are the ones that are needed.
  logger_->flush_on(spdlog::level::trace);
}

SpdlogLog::~SpdlogLog() = default;

bool SpdlogLog::enabled(LogLevel level) const {
  return logger_->should_log(spdlog_level(level));
}

void SpdlogLog::write(LogLevel level, std::string_view event, Fields fields) try {
  // What its sinks throw, spdlog itself catches and reports on standard error.
  if (enabled(level)) logger_->log(spdlog_level(level), log_line(level, event, fields));
} catch (const std::exception&) {
  std::fputs("dbha: a log line is lost: out of memory\n", stderr);
}

}  // namespace dbha
