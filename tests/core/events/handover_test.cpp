// A handler whose events somebody else does.
#include "events/handover.hpp"

#include <future>

#include <dbha/error.hpp>

#include "support/catch.hpp"

using namespace dbha;

namespace {

std::string outcome_of(std::future<bool>& handled) {
  try {
    return handled.get() ? "done" : "false";
  } catch (const Error& e) {
    return e.what();
  }
}

std::future<bool> handling(Handover& handover) {
  return std::async(std::launch::async, [&] { return handover.handle(ViewFresh{"nb"}); });
}

}  // namespace

TEST_CASE("a handover waits until somebody says that the event is done, or why it failed") {
  std::promise<void> given;
  Handover handover([&](const Event&) { given.set_value(); });
  auto first = handling(handover);
  given.get_future().wait();
  CHECK(first.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  handover.finish(std::nullopt);
  CHECK(outcome_of(first) == "done");
  given = {};
  auto second = handling(handover);
  given.get_future().wait();
  handover.finish("no luck");
  CHECK(outcome_of(second) == "no luck");
}

TEST_CASE("an end that is said before anything was handed over counts for nothing, and one said meanwhile does") {
  std::promise<void> given;
  Handover handover([&](const Event&) { given.set_value(); });
  handover.finish(std::nullopt);
  auto handled = handling(handover);
  given.get_future().wait();
  CHECK(handled.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  handover.finish("later");
  CHECK(outcome_of(handled) == "later");

  Handover* self = nullptr;
  Handover quick([&](const Event&) { self->finish("at once"); });
  self = &quick;
  auto at_once = handling(quick);
  CHECK(outcome_of(at_once) == "at once");
}

TEST_CASE("a handover that is stopped waits for nobody, now and later") {
  std::promise<void> given;
  Handover handover([&](const Event&) { given.set_value(); });
  auto handled = handling(handover);
  given.get_future().wait();
  handover.stop();
  CHECK(outcome_of(handled) == "its subscription ends");
  auto later = handling(handover);
  CHECK(outcome_of(later) == "its subscription ends");
}
