#pragma once
/// How replies are printed, each with the newline at its end.

#include <string>

#include <dbha/backend.hpp>

namespace dbha::shell {

/// raw: for programs, as redis-cli prints when its output is no terminal. human: as it prints on one.
enum class Form { raw, human };

/// raw: texts as they are, numbers as digits, nil as an empty line, the elements of an array one after another, with
/// those of the arrays in it. An error is "(error) TEXT" in either form, so that no value can be taken for it.
std::string text_of(const Value& value, Form form);

/// The reply; or, where there is none, dbha's own ending: "(timeout) ...", "(unknown-outcome) ...",
/// "(unavailable) ...".
std::string text_of(const Result& result, Form form);

}  // namespace dbha::shell
