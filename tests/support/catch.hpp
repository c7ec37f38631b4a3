#pragma once
/// The one place that names Catch2's header, so that version 3 (Debian 13) builds as well as version 2 (Debian 12).
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
