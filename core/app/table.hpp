#pragma once

#include <string>
#include <vector>

namespace dbha::app {

/// Rows of text in aligned columns, the first one a heading.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : rows_{std::move(heading)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// To standard output.
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace dbha::app
