#pragma once
/// Reads one of core's own tables into its struct.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/option_table.hpp"
#include "config/section_keys.hpp"

namespace dbha {

/// The read() functions leave the struct's default alone when the file does not give the key. Throws ConfigError.
class Section {
 public:
  /// `table` and `file` must outlive it. Throws also if `table` is no table.
  Section(const std::filesystem::path& file, const SectionKeys& keys, const Tree& table);

  void read(std::string_view name, std::string& into) const;
  void read(std::string_view name, std::filesystem::path& into) const;
  void read(std::string_view name, std::vector<std::string>& into) const;
  void read(std::string_view name, Duration& into) const;
  void read(std::string_view name, std::uint32_t& into) const;
  void read(std::string_view name, std::uint64_t& into) const;
  void read_size(std::string_view name, std::uint64_t& into) const;

  /// The text must be one of the words; returns which, or `otherwise` if the file does not give it.
  std::size_t read_word(std::string_view name, const std::vector<std::string>& words, std::size_t otherwise) const;
  /// Throws, with the nearest one, unless `text`, which the key holds, is one of the words.
  void require_word(std::string_view name, const std::string& text, const std::vector<std::string>& words) const;

  /// Throws unless the one is at most the other: the message names both keys and both values.
  void require_order(std::string_view shorter, Duration a, std::string_view longer, Duration b) const;

  const OptionTable& options() const { return options_; }
  const Tree& table() const { return table_; }

  /// Throws "FILE:LINE:COLUMN: KEY: TEXT".
  [[noreturn]] void refuse(std::string_view name, const std::string& text) const;

 private:
  const Tree& table_;
  OptionTable options_;
};

/// A name that can stand in a topic, in a file's name and in a log line without quotes.
bool valid_name(std::string_view name);
inline constexpr char expected_name[] = "1 to 64 letters, digits, '.', '_' or '-'";

}  // namespace dbha
