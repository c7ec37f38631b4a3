#pragma once

#include <string>

namespace dbha {

/// Whether execvp() would find a program of that name, or at that path, that this process may run.
bool can_be_run(const std::string& program);

}  // namespace dbha
