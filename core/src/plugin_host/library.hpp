#pragma once
/// The way into a shared object. Only library.cpp sees Boost.DLL.
///
/// The problem: dlopen() maps a file and trusts its headers, so a file cut off by a full disk or an interrupted copy
/// kills the process with SIGBUS, too early for any error handling. Reading the section table first, which linkers put
/// at the end of the file, turns a cut anywhere into an error; and a library that is no plugin is refused before its
/// constructors run. This does not guard against a file that somebody made to do harm: who can write to the plugin
/// folder can run code anyway.

#include <filesystem>
#include <string>

#include <dbha/plugin.hpp>

namespace dbha {

/// Says what is wrong with the file, "" if it may be loaded. Runs no code of it. Works on stripped files.
std::string preflight(const std::filesystem::path& file);

/// Loads a file that has passed preflight(), for the life of the process: nothing ever unloads it. Returns its
/// `dbha_plugin`, not yet checked. Throws PluginError.
const PluginInfo& load_library(const std::filesystem::path& file);

}  // namespace dbha
