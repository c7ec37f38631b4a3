// What a broken or hostile peer sends is refused, or is a valid value; it never crashes. Run under ASan and UBSan this
// is worth most; tests/fuzz goes on from here.

#include "envelope_codec.hpp"
#include "samples.hpp"
#include "support/catch.hpp"
#include "upstream_codec.hpp"

using namespace dbha;
using namespace dbha::bus;

namespace {

/// Flips, overwrites, cuts, doubles.
std::string mutate(std::string bytes, test::Samples& samples) {
  for (unsigned n = 1 + samples.below(8); n > 0 && !bytes.empty(); --n) {
    const auto at = samples.below(static_cast<unsigned>(bytes.size()));
    switch (samples.below(5)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << samples.below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(samples.below(256));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, samples.below(64)));
        break;
      default:
        bytes.erase(at, samples.below(16));
        break;
    }
  }
  return bytes;
}

/// Whatever a decoder accepts is a value that it can encode again.
bool refused_or_sound(const std::string& bytes, const Publication& held) {
  Downstream got;
  const auto held_of = [&](const std::string&) { return &held; };
  if (decode(bytes, "nb", held_of, got)) return true;
  const auto* publication = std::get_if<Publication>(&got);
  Downstream again;
  const auto back = publication ? encode("nb", *publication) : encode("nb", std::get<Beat>(got), held);
  return !decode(back, "nb", held_of, again);
}

}  // namespace

TEST_CASE("twenty thousand mutated envelopes are refused or sound") {
  test::Samples samples(3);
  for (int i = 0; i < 200; ++i) {
    const auto held = samples.publication();
    const auto publication = encode("nb", held);
    const auto beat = encode("nb", samples.beat(held), held);
    for (int j = 0; j < 50; ++j) {
      REQUIRE(refused_or_sound(mutate(publication, samples), held));
      REQUIRE(refused_or_sound(mutate(beat, samples), held));
    }
  }
}

TEST_CASE("an envelope cut short anywhere is refused") {
  const auto topology = std::make_shared<const Topology>(test::three_shards());
  const Publication publication{{"d1", 7, 1}, test::version_of(*topology, 1), topology};
  const auto bytes = encode("nb", publication);
  Downstream unused;
  const auto nothing_held = [](const std::string&) { return nullptr; };
  for (std::size_t n = 0; n < bytes.size(); ++n)
    REQUIRE(decode(std::string_view(bytes).substr(0, n), "nb", nothing_held, unused).has_value());
  REQUIRE_FALSE(decode(bytes, "nb", nothing_held, unused).has_value());
}

TEST_CASE("twenty thousand mutated upstream messages are refused or sound") {
  test::Samples samples(4);
  const auto topology = std::make_shared<const Topology>(test::three_shards());
  const Publication publication{{"d1", 7, 1}, test::version_of(*topology, 1), topology};
  const std::vector<std::string> seeds = {
      encode("nb", Ack{"compute-17", "d1", 7, {1, {42}, 99}, 3}),
      encode("nb", HintFrom{"compute-17", {HintKind::silent, test::node_id(1), {"10.0.0.1", 7000}, Partition{5}}}),
      encode("nb", EnvelopeFrom{"compute-17", encode("nb", publication)}), encode("nb", Hello{"compute-17", true}),
      encode(SnapshotReply{true, std::chrono::seconds(1), "busy"})};
  for (int i = 0; i < 20000; ++i) {
    const auto bytes = mutate(seeds[samples.below(static_cast<unsigned>(seeds.size()))], samples);
    Upstream upstream;
    Upstream again;
    Hello hello;
    SnapshotReply reply;
    if (!decode(bytes, "nb", upstream)) {
      const auto back = std::visit([](const auto& message) { return encode("nb", message); }, upstream);
      REQUIRE_FALSE(decode(back, "nb", again).has_value());
      if (const auto* held = std::get_if<EnvelopeFrom>(&upstream))
        REQUIRE(refused_or_sound(held->envelope, publication));
    }
    if (!decode(bytes, "nb", hello)) REQUIRE_FALSE(decode(encode("nb", hello), "nb", hello).has_value());
    if (!decode(bytes, reply)) REQUIRE_FALSE(decode(encode(reply), reply).has_value());
  }
}
