#pragma once
/// Questions to the database from a thread that may wait: so many under way, so many entries a second, and each again
/// until it is answered.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <dbha/context.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha::mirror {

struct InquiryLimits {
  std::size_t under_way = 32;  ///< questions
  double rate = 0;             ///< entries a second; 0: no limit
  Duration first_pause = std::chrono::milliseconds(100);
  Duration longest_pause = std::chrono::seconds(2);
  Duration give_up{};  ///< a question that is not answered for so long is the last; 0: never
};

/// One thread, which asks, waits and handles the answers; but for stop().
class Inquiry {
 public:
  /// Thrown by whatever waits once stop() has been called. No answer is handled any more.
  struct Stopped {};
  /// Thrown by whatever waits, as soon as `give_up` has passed for a question. Nothing more can be asked.
  struct Unanswered {
    std::string why;
  };

  using Ask = std::function<void(VersionedStore::BatchDone)>;  ///< may be called several times
  using Answer = std::function<void(const BatchResult&)>;      ///< with one that is ok

  Inquiry(InquiryLimits limits, Log& log);
  /// What is still under way is answered into nothing.
  ~Inquiry();
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;

  /// Waits for room, and meanwhile handles what is answered; `answer` may ask in its turn.
  void ask(std::size_t entries, Ask ask, Answer answer);
  /// Waits until all that was asked is answered and handled.
  void finish();
  /// How many entries one question may be about: more would hold up a primary for too long or come near the rate, fewer
  /// cost too many questions.
  std::size_t batch() const;
  /// For what is asked in another way: waits until so many entries more are within the rate.
  void pace(std::size_t entries);
  /// Waits, and meanwhile handles what is answered.
  void rest(TimePoint until);
  /// Any thread.
  void stop();

 private:
  double even_pace() const;
  struct Question {
    std::size_t entries;
    Ask ask;
    Answer answer;
    TimePoint asked;   ///< for the first time
    Duration pause{};  ///< before it is asked once more
  };
  /// Shared with the completions, which may come late.
  struct Answers {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::pair<std::uint64_t, BatchResult>> come;
    bool stopped = false;
  };

  void send(std::uint64_t number, Question& question);
  void handle_answers(TimePoint until);
  void handle(std::uint64_t number, const BatchResult& result);
  void ask_again();

  InquiryLimits limits_;
  Log& log_;
  std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Question> under_way_;
  std::multimap<TimePoint, std::uint64_t> paused_;  ///< of those under way: to be asked again
  TimePoint next_free_{};                           ///< by the rate
  bool failing_ = false;
};

}  // namespace dbha::mirror
