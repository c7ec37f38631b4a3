#pragma once
/// Every key of core's own sections: its type, its range and what it is for. The one list by which files are checked;
/// a test holds conf/ against it. The default values are those of the structs in config.hpp.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dbha/context.hpp>

namespace dbha {

struct SectionKeys {
  std::string section;                  ///< "" for the keys at the top of the file
  std::vector<OptionSpec> keys;         ///< a default of "" stands for the struct's
  std::vector<std::string> other_keys;  ///< tables and lists of tables, which OptionSpec cannot describe
};

/// In the order of a file. For "backend" and "consistency" core's own keys only: the rest is the plugin's.
std::span<const SectionKeys> section_keys();

/// One of them. `section` must be in the list.
const SectionKeys& section_keys(std::string_view section);

/// {publish, control}, in controller.detectors and detector.peers.
std::span<const OptionSpec> bus_endpoint_keys();

/// Sections of the design that this version does not have. Refused, rather than ignored.
std::span<const std::string> unsupported_sections();

}  // namespace dbha
