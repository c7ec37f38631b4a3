#pragma once
/// One value of the file against one declaration.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <dbha/context.hpp>

#include "config/tree.hpp"

namespace dbha {

/// In the order of OptionType: text, integer, flag, duration, size, text_list; a command is a text_list.
using OptionValue = std::variant<std::string, std::int64_t, bool, Duration, std::uint64_t, std::vector<std::string>>;

/// Nothing if the value is not what the declaration asks for: another type, another unit, out of range, or an empty
/// text or list where one is required.
std::optional<OptionValue> read_option(const OptionSpec& spec, const Tree& value);

/// The default, read in the same way: integers, flags, durations and sizes as they stand in a file, a list as words
/// between commas. "" is the type's empty value and not held against the range. Nothing if the declaration refuses its
/// own default. Not for required options, which have none.
std::optional<OptionValue> read_default(const OptionSpec& spec);

/// What read_option() accepts, for "expected ...": `a duration ("300ms", "1s", "10m", "1h") from 10ms to 1m`.
std::string expected(const OptionSpec& spec);

/// The part of a refused value to point at: the first element of a list that is no text, a command's program, else all
/// of it.
const Tree& culprit(const OptionSpec& spec, const Tree& value);

}  // namespace dbha
