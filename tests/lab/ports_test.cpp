#include "lab/ports.hpp"

#include <set>

#include "support/catch.hpp"

using namespace dbha::lab;

TEST_CASE("leased ports differ and lie below the range of outgoing connections") {
  std::set<int> numbers;
  const auto ports = lease_ports(200);
  for (const auto& port : ports) numbers.insert(port.number());
  CHECK(numbers.size() == 200);
  CHECK(*numbers.begin() >= 20000);
  CHECK(*numbers.rbegin() <= 29999);
}
