#pragma once
/// One connection to one node, plain or TLS: a pipeline of commands with their answers in order. It holds no policy: it
/// does not reconnect, does not route and does not judge replies.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <dbha/backend.hpp>
#include <dbha/event_loop.hpp>

#include "redis/access.hpp"
#include "redis/credentials.hpp"
#include "redis/outgoing.hpp"
#include "redis/pubsub_words.hpp"
#include "redis/resolve.hpp"
#include "redis/resp.hpp"
#include "redis/socket.hpp"

namespace dbha::redis {

class TlsStream;

/// Why a connection is over.
enum class CloseReason {
  resolve,   ///< the name has no address
  refused,   ///< nobody listens there, or no way leads there
  no_room,   ///< the node said that it has the most clients it may have
  tls,       ///< one side does not accept the other's certificate, or there is no TLS that both speak
  auth,      ///< the node does not let us in: NOAUTH, WRONGPASS, protected mode
  timeout,   ///< no answer to the greeting within connect_timeout: "connected" is not "alive"
  lost,      ///< EOF or RST
  protocol,  ///< it does not speak RESP2, or sent a longer reply than is allowed
};
const char* text_of(CloseReason reason);

/// What became of one request.
enum class Fate {
  replied,    ///< the reply is in the value; an error is a reply
  written,    ///< the connection was lost after the kernel had taken all of it: the node may have carried it out
  unwritten,  ///< the connection was lost before: the node cannot have carried it out
};

/// Loop thread only. Commands are collected and written once a turn; the socket never blocks and names resolve on a
/// thread of their own.
///
/// Destroying it closes it at once and calls nothing. That is allowed at any time, also from inside its own callbacks;
/// a callback that did so has ended the dispatch: no further handler is called.
class Connection {
 public:
  class Listener {
   public:
    /// The node has answered the greeting (a reply, not merely a connection). Requests flow from now on.
    virtual void on_up(Connection& connection) = 0;
    /// It is over; every outstanding handler has been told before. Comes once, as the last call. `detail` is for
    /// people and contains no secret.
    virtual void on_closed(Connection& connection, CloseReason reason, const std::string& detail) = 0;
    /// Of a subscriber: something that answers no request: a message, or a channel that the node dropped.
    virtual void on_push(Connection& /*connection*/, Value /*push*/) {}  // NOLINT(performance-unnecessary-value-param)

   protected:
    ~Listener() = default;
  };

  struct Settings {
    Endpoint endpoint;
    Access access;            ///< its connect_timeout: from the constructor to on_up
    std::string client_name;  ///< for CLIENT SETNAME; empty: not set
    /// A RESP2 subscriber: arrays that begin with a word of pub/sub are pushes, unless they confirm the oldest request.
    /// Name one channel a request, so that it has exactly one confirmation.
    bool subscriber = false;
    std::size_t max_reply_bytes = std::size_t{64} << 20;
  };

  using ReplyHandler = std::function<void(Fate, Value&&)>;
  /// Requests of one connection are numbered in the order of send().
  using RequestId = std::uint64_t;
  enum class State { connecting, securing, greeting, up, closed };

  /// Begins to connect. Nothing is called before the constructor has returned.
  Connection(EventLoop& loop, Settings settings, Listener& listener);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  State state() const { return state_; }
  const Endpoint& endpoint() const { return settings_.endpoint; }
  /// When the node last said anything.
  TimePoint last_heard() const { return last_heard_; }
  /// For how long the node has owed an answer without saying anything; 0 if it owes none.
  Duration silence() const {
    return requests_.empty() ? Duration(0) : loop_.now() - std::max(last_heard_, busy_since_);
  }
  /// How many requests have been sent and have no answer yet.
  std::size_t outstanding() const { return requests_.size(); }

  /// Queues a command; also before on_up, then it leaves behind the greeting. Not on a closed connection. `handler` is
  /// called once, later than this returns, unless the connection is destroyed or the request withdrawn first. `args` is
  /// not needed afterwards.
  RequestId send(std::span<const std::string> args, ReplyHandler handler);
  RequestId send(std::initializer_list<std::string_view> args, ReplyHandler handler);
  /// Several commands as one request: nothing comes between them, and they are withdrawn together. The answer is the
  /// reply to the last; if that is an error, the first error of all: it is the reason ("EXECABORT" only says that there
  /// was one). A transaction must end with EXEC; if the node refuses that one, the connection ends, because all that
  /// follows would be queued.
  RequestId send_together(std::span<const std::span<const std::string>> commands, ReplyHandler handler);

  /// Takes a request back. True: not one byte of it had left, it never will, and its handler is not called. False: it
  /// may have been carried out, or is answered already; its handler is still called.
  bool withdraw(RequestId id);

  /// For a request that was answered with NOAUTH: the node has forgotten who we are. True: AUTH leaves before anything
  /// that is sent from now on, or is on its way already; if it is refused, the connection ends with CloseReason::auth.
  /// False: no password is configured, so there is nothing to be said. Not on a subscriber.
  bool log_in_again();

 private:
  class Guard;
  struct Request {
    ReplyHandler handler;
    std::uint64_t begin;  // positions in the stream of all request bytes
    std::uint64_t end;
    std::uint32_t replies;                   // that are still to come
    std::optional<PubSubWord> confirmation;  // of a subscriber: the word that its answer begins with
    bool withdrawn;
    bool ends_transaction = false;
  };
  enum class Greeting { auth, name, ping, outdated };

  void connect_next(int error);
  void on_connected();
  void secure();
  void begin_greeting();
  void greet();
  bool take_greeting(const Value& value);
  bool take_refusal(const Value& error);
  Credentials credentials() const;
  void log_in();
  std::string too_late() const;

  RequestId enqueue(ReplyHandler handler, std::string_view verb, std::size_t replies = 1);
  void drop_withdrawn();
  void flush_later();
  void flush();

  void on_ready(Readiness readiness);
  Socket::Transfer read(char* buffer, std::size_t size);
  Socket::Transfer write(std::string_view bytes);
  bool has_more_to_read() const;
  Outgoing& outgoing() { return state_ == State::up ? out_ : greeting_; }
  bool has_more_to_write();
  void watch_for_more();
  void read_later();
  bool read_some();
  bool take_replies();
  std::string what_is_broken() const;
  bool take_reply(Value&& value);
  bool is_push(const Value& value) const;
  ReplyHandler pop_request();
  bool fail(CloseReason reason, const std::string& detail);
  bool fail(const Socket::Transfer& end);

  EventLoop& loop_;
  Settings settings_;
  Listener& listener_;
  State state_ = State::connecting;
  TimePoint last_heard_{};
  TimePoint busy_since_{};  // when the oldest of the requests after a time without any was sent

  std::optional<Lookup> lookup_;
  std::deque<SocketAddress> addresses_;  // not tried yet
  Socket socket_;
  std::unique_ptr<TlsStream> tls_;  // on socket_; none: plain
  Watch watch_;                     // after socket_: it must end before the descriptor is closed
  Timer connect_timer_;
  Timer turn_timer_;  // what is to be done in the next turn: a write, or telling of an early failure
  bool flush_pending_ = false;
  Timer read_timer_;  // TLS has more to read, of which epoll knows nothing

  Credentials said_;         // what we logged in with last
  bool logging_in_ = false;  // again
  Outgoing greeting_;
  std::deque<Greeting> greeting_steps_;  // not answered yet
  Outgoing out_;                         // waits behind the greeting
  std::uint64_t queued_end_ = 0;         // where the next request begins
  std::deque<Request> requests_;         // not answered yet
  std::optional<Value> first_error_;     // of the replies to requests_.front()
  RequestId first_id_ = 1;               // of requests_.front()
  bool any_withdrawn_ = false;
  ReplyReader reader_;
  Guard* guard_ = nullptr;  // the innermost
};

}  // namespace dbha::redis
