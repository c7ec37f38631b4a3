#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dbha::lab {

/// fork and exec for ChildProcess::spawn, which documents it: returns the pid of the program, which runs.
pid_t start_program(const std::vector<std::string>& argv, const std::filesystem::path& log,
                    const std::filesystem::path& directory);

}  // namespace dbha::lab
