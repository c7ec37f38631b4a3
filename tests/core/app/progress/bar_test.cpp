#include "progress_bar.hpp"
#include "support/catch.hpp"

using dbha::app::bar_text;

TEST_CASE("a bar is as long as its part of the whole, and fits into the terminal") {
  CHECK(bar_text("mirror: compare", 0, 4, 36) == "mirror: compare [------------]   0 %");
  CHECK(bar_text("mirror: compare", 1, 4, 36) == "mirror: compare [###---------]  25 %");
  CHECK(bar_text("mirror: compare", 4, 4, 36) == "mirror: compare [############] 100 %");
  CHECK(bar_text("x", 1, 2, 1000) == "x [####################--------------------]  50 %");
  CHECK(bar_text("mirror: compare", 1, 4, 20) == "mirror: compare 25 %");
  CHECK(bar_text("mirror: compare", 1, 4, 10) == "mirror: co");
}

TEST_CASE("a bar shows no more than the whole, and none where the whole is not known") {
  CHECK(bar_text("x", 9, 4, 12) == "x [##] 100 %");
  CHECK(bar_text("x", 9, 0, 12) == "x");
}
