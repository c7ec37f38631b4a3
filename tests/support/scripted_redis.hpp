#pragma once
/// A Redis node that follows a script, for what a real one cannot be made to do on demand. It lives on the loop of the
/// test itself: no thread, no race, and its delays pass on that loop's clock.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbha/event_loop.hpp>

#include "redis/resp.hpp"
#include "support/listener.hpp"

namespace dbha::test {

/// What a node does with one command. Made from what it says: the raw bytes; "" leaves the command to the node itself
/// (+PONG, +OK, the confirmation of a SUBSCRIBE); nothing is silence.
struct Answer {
  enum class Then { go_on, close, reset };

  Answer(std::nullopt_t) {}                                            // NOLINT(google-explicit-constructor)
  Answer(std::optional<std::string> said) : bytes(std::move(said)) {}  // NOLINT(google-explicit-constructor)
  Answer(std::string said) : bytes(std::move(said)) {}                 // NOLINT(google-explicit-constructor)
  Answer(const char* said) : bytes(said) {}                            // NOLINT(google-explicit-constructor)
  Answer(std::string said, Then next) : bytes(std::move(said)), then(next) {}

  std::optional<std::string> bytes;
  Duration delay{};  ///< later answers on the connection wait behind it, as those of Redis do
  Then then = Then::go_on;
};
inline Answer closes_after(std::string bytes) {
  return {std::move(bytes), Answer::Then::close};
}
/// "$10\r\nhalf": what has left is read, then comes RST.
inline Answer resets_after(std::string bytes) {
  return {std::move(bytes), Answer::Then::reset};
}
inline Answer delayed(Duration delay, std::string bytes) {
  Answer answer(std::move(bytes));
  answer.delay = delay;
  return answer;
}

class ScriptedRedis {
 public:
  using Args = std::vector<std::string>;
  using Script = std::function<Answer(const Args&)>;
  /// Connections are numbered from 0 in the order of their acceptance.
  using ConnectionId = std::size_t;
  struct Asked {
    Args args;
    ConnectionId connection;
  };
  /// One line of a play: the words with which the next command must begin, and what is done with it.
  struct Line {
    Args expected;
    Answer answer;
  };

  /// Listens on 127.0.0.1, ::1, or the first address of a name, on a port that is free.
  explicit ScriptedRedis(EventLoop& loop, Script script = {}, std::string host = "127.0.0.1");
  ~ScriptedRedis();
  ScriptedRedis(const ScriptedRedis&) = delete;
  ScriptedRedis& operator=(const ScriptedRedis&) = delete;

  Endpoint endpoint() const { return listener_.endpoint(); }

  /// Asked for each command.
  void answer(Script script) { script_ = std::move(script); }
  /// The next connection that asks anything beyond its greeting is answered line by line, then by the script. A command
  /// that is not the expected one is noted in surprises() and resets the connection.
  void play(std::vector<Line> lines) { plays_.push_back({lines.begin(), lines.end()}); }
  const std::vector<std::string>& surprises() const { return surprises_; }

  /// Says so to each new client before it has asked anything, and closes; "" lets them in again.
  void refuse_with(std::string bytes) { refusal_ = std::move(bytes); }

  Listener& listener() { return listener_; }

  // All connections, or one.
  void reset_clients();                 ///< RST
  void reset(ConnectionId connection);  ///< RST
  void close_clients();                 ///< FIN
  void say(const std::string& bytes);   ///< unasked
  void say(ConnectionId connection, const std::string& bytes);
  /// The kernel goes on to take bytes, nobody looks at them: also on connections that come later.
  void stall();
  void go_on();

  std::size_t clients() const { return clients_.size(); }
  std::size_t accepted() const { return accepted_; }
  /// All that was asked, in order of arrival.
  const std::vector<Asked>& asked() const { return asked_; }
  /// The same without what every connection begins with or proves its life by: AUTH, CLIENT, PING.
  std::vector<Args> commands() const;
  std::size_t count(const std::string& verb) const;
  std::size_t count(const std::string& verb, ConnectionId connection) const;

 private:
  struct Client {
    ConnectionId id = 0;
    lab::FileDescriptor fd{};
    redis::ReplyReader reader{std::size_t{64} << 20};
    std::deque<std::pair<TimePoint, Answer>> due{};  // what it is to be told, and when
    std::string out{};                               // what the kernel has not taken yet
    std::optional<std::deque<Line>> play{};
    Watch watch{};
    Timer timer{};
  };

  void on_accepted(lab::FileDescriptor fd);
  void watch(Client& client);
  void on_ready(ConnectionId id, Readiness readiness);
  void serve(Client& client, const Args& args);
  Answer answer_to(Client& client, const Args& args);
  Answer next_of_play(Client& client, const Args& args);
  void pump(ConnectionId id);
  bool flush(Client& client);
  void drop(ConnectionId id, bool by_reset);
  void drop_all(bool by_reset);

  EventLoop& loop_;
  Script script_;
  std::deque<std::deque<Line>> plays_;
  std::vector<std::string> surprises_;
  std::string refusal_;
  bool stalled_ = false;
  std::size_t accepted_ = 0;
  std::map<ConnectionId, Client> clients_;
  std::vector<Asked> asked_;
  Listener listener_;  // last: it calls us
};

/// Answers nothing but greetings and probes.
inline Answer silence(const ScriptedRedis::Args& args) {
  if (args[0] == "PING" || args[0] == "CLIENT" || args[0] == "AUTH") return "";
  return std::nullopt;
}

/// The same to each command of that name, the rest is left to the node.
inline ScriptedRedis::Script says(std::string verb, Answer answer) {
  return [verb = std::move(verb), answer = std::move(answer)](const ScriptedRedis::Args& args) -> Answer {
    return args[0] == verb ? answer : Answer("");
  };
}

/// "$5\r\nhello\r\n"
std::string bulk(const std::string& text);

}  // namespace dbha::test
