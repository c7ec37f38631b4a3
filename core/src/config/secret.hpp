#pragma once
/// Which keys hold secrets, so that no error message and no `dbha check` shows one.

#include <string_view>

namespace dbha {

/// By the words in the key: password, passphrase, secret, token. A key that names a file (password_file) holds no
/// secret itself.
bool is_secret(std::string_view key);

}  // namespace dbha
