// How a thread that may wait asks the database.
#include "mirror/inquiry.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "lab/wait.hpp"
#include "support/catch.hpp"
#include "support/test_log.hpp"

using namespace dbha;
using namespace dbha::test;
using mirror::Inquiry;

namespace {

constexpr std::chrono::seconds patience{20};

/// Questions that are answered when it pleases, on another thread.
struct Asked {
  std::mutex mutex;
  std::vector<VersionedStore::BatchDone> waiting;
  std::atomic<std::size_t> count = 0;

  Inquiry::Ask question() {
    return [this](VersionedStore::BatchDone done) {
      const std::lock_guard lock(mutex);
      waiting.push_back(std::move(done));
      ++count;
    };
  }
  void answer(Outcome outcome) {
    std::vector<VersionedStore::BatchDone> taken;
    {
      const std::lock_guard lock(mutex);
      taken.swap(waiting);
    }
    for (auto& done : taken) done({.outcome = outcome, .each = {{}}, .detail = "as it pleases"});
  }
  bool until(std::size_t asked) {
    return lab::wait_until(patience, [&] { return count == asked; });
  }
};

}  // namespace

TEST_CASE("so many questions are under way, and each answer is handled once") {
  TestLog log;
  Inquiry inquiry({.under_way = 3}, log);
  Asked asked;
  std::size_t answered = 0;
  auto asking = std::async(std::launch::async, [&] {
    for (int i = 0; i < 10; ++i) inquiry.ask(1, asked.question(), [&](const BatchResult&) { ++answered; });
    inquiry.finish();
  });
  for (const std::size_t so_far : {3u, 6u, 9u, 10u}) {
    REQUIRE(asked.until(so_far));
    CHECK(asking.wait_for(std::chrono::milliseconds(1)) == std::future_status::timeout);
    asked.answer(Outcome::ok);
  }
  REQUIRE(asking.wait_for(patience) == std::future_status::ready);
  CHECK(answered == 10);
}

TEST_CASE("what is not answered is asked again, until it is, and that is said once") {
  TestLog log;
  Inquiry inquiry({.first_pause = std::chrono::milliseconds(1)}, log);
  Asked asked;
  std::atomic<int> answered = 0;
  auto asking = std::async(std::launch::async, [&] {
    inquiry.ask(1, asked.question(), [&](const BatchResult& result) { answered += result.ok() ? 1 : 100; });
    inquiry.finish();
  });
  for (const std::size_t so_far : {1u, 2u, 3u}) {
    REQUIRE(asked.until(so_far));
    asked.answer(Outcome::timeout);
  }
  REQUIRE(asked.until(4));
  asked.answer(Outcome::ok);
  REQUIRE(asking.wait_for(patience) == std::future_status::ready);
  CHECK(answered == 1);
  const auto lines = log.lines();
  CHECK(std::count(lines.begin(), lines.end(), "mirror_question_unanswered reason=as it pleases") == 1);
}

TEST_CASE("an answer may lead to a question, also where there is room for one only") {
  TestLog log;
  Inquiry inquiry({.under_way = 1}, log);
  std::vector<int> order;
  const auto at_once = [](VersionedStore::BatchDone done) { done({.outcome = Outcome::ok}); };
  inquiry.ask(1, at_once, [&](const BatchResult&) {
    order.push_back(1);
    inquiry.ask(1, at_once, [&](const BatchResult&) { order.push_back(2); });
  });
  inquiry.ask(1, at_once, [&](const BatchResult&) { order.push_back(3); });
  inquiry.finish();
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("who waits for an answer is released when it is stopped, and a late answer finds nobody") {
  TestLog log;
  Asked asked;
  {
    Inquiry inquiry({}, log);
    auto asking = std::async(std::launch::async, [&] {
      inquiry.ask(1, asked.question(), [](const BatchResult&) { FAIL("it was stopped"); });
      inquiry.finish();
    });
    REQUIRE(asked.until(1));
    inquiry.stop();
    CHECK_THROWS_AS(asking.get(), Inquiry::Stopped);
  }
  asked.answer(Outcome::ok);
}
