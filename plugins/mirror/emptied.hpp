#pragma once

#include <cstddef>

namespace dbha::mirror {

/// Whether the database lacks all that is compared, as after a primary has come back empty. Then a look at an entry
/// before it is written is waste: the guard of the write looks as well. So from some looks in a row that found nothing
/// on, only one batch in eight is looked at, until one of these finds something. Pure.
class Emptied {
 public:
  static constexpr std::size_t believed_after = 4;
  static constexpr std::size_t look_each = 8;

  /// The next batch is to be looked at; else it is to be written.
  bool wants_look() {
    if (in_a_row_ < believed_after) return true;
    written_ = (written_ + 1) % look_each;
    return written_ == 0;
  }
  void looked(std::size_t entries, std::size_t lacking) { in_a_row_ = entries == lacking ? in_a_row_ + 1 : 0; }

 private:
  std::size_t in_a_row_ = 0;
  std::size_t written_ = 0;
};

}  // namespace dbha::mirror
