#pragma once
/// The start of a program, and what it is given.

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "file_descriptor.hpp"

namespace dbha::exec {

/// A descriptor from which `text` can be read, and then the end of it. A file in memory and not a pipe: whoever does
/// not read it neither blocks nor kills who has written it, and it may be longer than a pipe holds. Throws Error.
FileDescriptor readable(std::string_view text);

/// Starts a program, found along PATH, as the leader of a process group of its own: `input` is its standard input,
/// `errors` its standard error, its standard output goes nowhere, and it has no other descriptor of this process. It is
/// ended by SIGTERM if this thread ends. Returns when it runs. Throws Error saying why it cannot be started.
pid_t start(const std::vector<std::string>& command, const FileDescriptor& input, const FileDescriptor& errors);

}  // namespace dbha::exec
