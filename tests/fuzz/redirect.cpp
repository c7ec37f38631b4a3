// A redirect that is accepted can be used, and means the same when it is written again; one that is refused says why.
#include "redis/redirect.hpp"

#include "invariant.hpp"
#include "redis/slot.hpp"
#include "redis/text_fields.hpp"
#include "redis/verdict.hpp"

using namespace dbha;
using namespace dbha::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const Endpoint answering{"10.0.0.1", 7000};
  const auto action = redis::classify(text);
  hold((action == redis::ReplyAction::moved) == (text == "MOVED" || text.starts_with("MOVED ")), "MOVED is known");
  hold((action == redis::ReplyAction::ask) == (text == "ASK" || text.starts_with("ASK ")), "ASK is known");

  const auto parsed = redis::parse_redirect(text, answering);
  if (const auto* violation = redis::violation_of(parsed)) {
    hold_printable(*violation);
    return 0;
  }
  const auto& [slot, to] = std::get<redis::Redirect>(parsed);
  hold(slot.value < redis::slots, "the slot exists");
  hold(to.port != 0, "the port exists");
  hold(redis::is_host(to.host), "the host is one");
  const std::string again = "MOVED " + std::to_string(slot.value) + ' ' + to.host + ':' + std::to_string(to.port);
  hold(redis::parse_redirect(again, {"elsewhere", 1}) == parsed, "written again it means the same");
  return 0;
}
