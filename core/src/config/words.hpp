#pragma once
/// Lists of known words in messages, and the one that somebody who misspelt it most likely meant.

#include <span>
#include <string>
#include <string_view>

namespace dbha {

/// "a, b, c"
std::string joined(std::span<const std::string> words);

/// "'a', 'b' or 'c'"
std::string either(std::span<const std::string> words);

/// "; did you mean 'period'?": the known word with the smallest edit distance (insert, delete, replace, swap of
/// neighbours; case does not count). "" if none is near: more than a third of the word wrong is no misspelling.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace dbha
