#include "lab/cluster_nodes.hpp"

#include "support/catch.hpp"

using namespace dbha::lab;

TEST_CASE("CLUSTER NODES is read with roles, epochs and slots") {
  const auto view = parse_cluster_nodes(
      "aa 127.0.0.1:7000@17000,host myself,master - 0 0 4 connected 0-99 200 [300->-bb]\n"
      "bb ::1:7001@17001 slave,fail? aa 0 0 4 disconnected\n"
      "cc :0@0 master,noaddr - 0 0 0 disconnected\n");
  REQUIRE(view.size() == 3);
  CHECK(myself(view).id == "aa");
  CHECK(view[0].slots == std::vector<SlotRange>{{0, 99}, {200, 200}});
  CHECK(view[0].owns(99));
  CHECK_FALSE(view[0].owns(100));
  CHECK_FALSE(view[0].owns(300));
  CHECK(view[0].config_epoch == 4);
  CHECK(view[0].connected);
  CHECK_FALSE(view[1].connected);
  CHECK(view[1].port == 7001);
  CHECK(view[1].primary_id == "aa");
  CHECK(view[1].has("fail?"));
  CHECK_FALSE(view[1].has("fail"));
  CHECK(view[2].port == 0);
}

TEST_CASE("an unreadable line of CLUSTER NODES is named") {
  CHECK_THROWS_WITH(parse_cluster_nodes("aa 127.0.0.1:7000@17000 master\n"),
                    "unreadable line in CLUSTER NODES: aa 127.0.0.1:7000@17000 master");
}
