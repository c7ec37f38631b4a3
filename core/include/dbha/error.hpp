#pragma once
/// Errors are exceptions only where a process cannot start or a caller used the API wrongly. "The database is down" is
/// never one: it is a Result or an event. A class exists only where a caller reacts differently.

#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)  // they cross the plugin boundary: one type_info each

namespace dbha {

/// What every exception of dbha derives from. what() says what was expected, what was found, and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The configuration cannot be used. what() begins with file:line:column. The program exits with status 2.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// A plugin was refused or failed. what() names its file. The program exits with status 2.
class PluginError : public Error {
 public:
  using Error::Error;
};

/// An endpoint could not be bound, a state store not be opened: the machine says no. The program exits with status 2.
class StartError : public Error {
 public:
  using Error::Error;
};

}  // namespace dbha

#pragma GCC visibility pop
