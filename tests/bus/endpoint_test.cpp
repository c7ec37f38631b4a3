// Endpoints that cannot be used, and what the operator reads.

#include <dbha/error.hpp>

#include "bus_fixture.hpp"

using namespace dbha;
using namespace dbha::test;
using Catch::Matchers::Contains;

namespace {
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const StartError& e) {
    return e.what();
  }
  return "no error";
}
}  // namespace

TEST_CASE_METHOD(BusFixture, "two detectors on one endpoint: the second is told which, why and what to do") {
  auto d = detector();
  const auto at = d->endpoints();
  CHECK(error_of([&] {
          detector("d2", 1, {at.publish, "tcp://127.0.0.1:*"});
        }) == "cannot listen on " + at.publish +
                  ": Address already in use; is another detector running here? Stop it or choose another port");
  CHECK_THAT(error_of([&] { detector("d2", 1, {"tcp://127.0.0.1:*", at.control}); }), Contains(at.control));
}

TEST_CASE_METHOD(BusFixture, "an address of another machine cannot be bound") {
  CHECK_THAT(error_of([&] {
               detector("d1", 1, {"tcp://192.0.2.1:5570", "tcp://127.0.0.1:*"});
             }),
             Contains("cannot listen on tcp://192.0.2.1:5570") && Contains("bind an address of this machine"));
}

TEST_CASE_METHOD(BusFixture, "a text that is no endpoint is refused with the text and what was expected") {
  const auto listen = [&](const std::string& text) {
    return error_of([&] { detector("d1", 1, {text, "tcp://127.0.0.1:*"}); });
  };
  CHECK(listen("") == "\"\" is no endpoint: expected tcp://HOST:PORT or ipc://PATH");
  CHECK_THAT(listen("http://x:1"), Contains("expected tcp://HOST:PORT or ipc://PATH"));
  CHECK_THAT(listen("tcp://x"), Contains("expected tcp://HOST:PORT"));
  CHECK_THAT(listen("tcp://x:0"), Contains("port 0, expected 1 to 65535"));
  CHECK_THAT(listen("tcp://x:65536"), Contains("port 65536, expected 1 to 65535"));
  CHECK_THAT(listen("tcp://::1:5570"), Contains("in brackets"));
  CHECK_THAT(listen("ipc://"), Contains("no path"));

  const auto connect = [&](const bus::DetectorEndpoints& at) { return error_of([&] { subscriber({at}); }); };
  CHECK_THAT(connect({"tcp://*:5570", "tcp://x:5571"}), Contains("\"tcp://*:5570\" is no endpoint: cannot connect"));
  CHECK_THAT(connect({"tcp://x:5570", "tcp://x:*"}), Contains("port *, expected 1 to 65535"));
  CHECK(connect({"tcp://no-such-host.invalid:5570", "tcp://no-such-host.invalid:5571"}) == "no error");
}
