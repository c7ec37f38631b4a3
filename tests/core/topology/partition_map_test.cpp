#include <array>
#include <optional>
#include <random>

#include <dbha/partition_map.hpp>

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using dbha::test::range;

namespace {

constexpr std::uint32_t partitions = 64;
using Plain = std::array<std::optional<int>, partitions>;

struct Both {
  PartitionMap<int> map;
  Plain plain;

  void set(std::uint32_t first, std::uint32_t last, int value) {
    map.set(range(first, last), value);
    for (auto p = first; p <= last; ++p) plain[p] = value;
  }
};

Both random_map(std::mt19937& random) {
  Both out;
  for (auto sets = random() % 40; sets > 0; --sets) {
    const auto a = static_cast<std::uint32_t>(random() % partitions);
    const auto b = static_cast<std::uint32_t>(random() % partitions);
    out.set(std::min(a, b), std::max(a, b), static_cast<int>(random() % 4));
  }
  return out;
}

void require_canonical(const PartitionMap<int>& map) {
  for (std::size_t i = 0; i < map.entries().size(); ++i) {
    const auto& e = map.entries()[i];
    REQUIRE(e.range.first <= e.range.last);
    if (i == 0) continue;
    const auto& before = map.entries()[i - 1];
    REQUIRE(before.range.last < e.range.first);
    REQUIRE((before.range.last.value + 1 < e.range.first.value || before.value != e.value));
  }
}

}  // namespace

TEST_CASE("a range set inside another splits it, and set back it merges again") {
  PartitionMap<int> map;
  map.set(range(0, 99), 1);
  const auto whole = map;
  map.set(range(40, 59), 2);
  REQUIRE(map.entries().size() == 3);
  REQUIRE(*map.find({39}) == 1);
  REQUIRE(*map.find({40}) == 2);
  REQUIRE(*map.find({60}) == 1);
  REQUIRE(map.find({100}) == nullptr);
  map.set(range(40, 59), 1);
  REQUIRE(map == whole);
}

TEST_CASE("neighbours with equal values are one entry, in whatever order they were set") {
  PartitionMap<int> map;
  map.set(range(20, 29), 7);
  map.set(range(0, 9), 7);
  REQUIRE(map.entries().size() == 2);
  map.set(range(10, 19), 7);
  REQUIRE(map.entries().size() == 1);
  REQUIRE(map.size() == 30);
}

TEST_CASE("the greatest partition number is a partition like others") {
  PartitionMap<int> map;
  map.set(range(0, UINT32_MAX), 1);
  map.set(range(UINT32_MAX, UINT32_MAX), 2);
  REQUIRE(map.entries().size() == 2);
  REQUIRE(*map.find({UINT32_MAX}) == 2);
  int pieces = 0;
  walk(map, map, [&](PartitionRange, const int* a, const int* b) {
    REQUIRE(*a == *b);
    ++pieces;
  });
  REQUIRE(pieces == 2);
}

TEST_CASE("a partition map behaves as a plain array would, and stays canonical") {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    const Both both = random_map(random);
    require_canonical(both.map);
    std::uint64_t covered = 0;
    for (std::uint32_t p = 0; p < partitions; ++p) {
      const int* found = both.map.find({p});
      REQUIRE(static_cast<bool>(found) == both.plain[p].has_value());
      if (found) REQUIRE(*found == *both.plain[p]);
      covered += found ? 1 : 0;
    }
    REQUIRE(both.map.size() == covered);
  }
}

TEST_CASE("walking two maps visits each partition that either has, once, with both values") {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    const Both a = random_map(random);
    const Both b = random_map(random);
    std::uint32_t next = 0;
    walk(a.map, b.map, [&](PartitionRange piece, const int* x, const int* y) {
      for (; next < piece.first.value; ++next) REQUIRE((!a.plain[next] && !b.plain[next]));
      for (; next <= piece.last.value; ++next) {
        REQUIRE(a.plain[next] == (x ? std::optional(*x) : std::nullopt));
        REQUIRE(b.plain[next] == (y ? std::optional(*y) : std::nullopt));
      }
    });
    for (; next < partitions; ++next) REQUIRE((!a.plain[next] && !b.plain[next]));
  }
}
