#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct redisContext;

namespace dbha::lab {

/// One reply of Redis, as a value.
struct Reply {
  enum class Kind { nil, text, integer, array, error };
  Kind kind = Kind::nil;
  std::string text;             ///< of Kind::text (simple and bulk strings alike) and Kind::error (with its code word)
  long long integer = 0;        ///< of Kind::integer
  std::vector<Reply> elements;  ///< of Kind::array

  bool is_error() const { return kind == Kind::error; }
};

struct Login {
  std::string user;      ///< empty: the default user
  std::string password;  ///< empty: no AUTH
};

/// A blocking connection to one Redis node, for tests and admin work; made at the first command, and made again when
/// the node has closed it. For one thread at a time.
class RedisClient {
 public:
  struct Timeouts {
    std::chrono::milliseconds connect;
    std::chrono::milliseconds reply;
  };
  static constexpr Timeouts kDefaultTimeouts{std::chrono::milliseconds(1000), std::chrono::milliseconds(5000)};

  /// Does not connect yet.
  RedisClient(std::string host, std::uint16_t port, Login login = {}, Timeouts timeouts = kDefaultTimeouts);
  ~RedisClient();
  RedisClient(RedisClient&&) noexcept;
  RedisClient& operator=(RedisClient&&) noexcept;

  /// Sends one command and returns its reply; an error reply is a value too. Throws std::runtime_error with host:port
  /// when there is no connection or no reply in time; the command may then have been executed. It is never sent twice.
  Reply command(const std::vector<std::string>& args);

  /// As command(), but throws std::runtime_error for an error reply too.
  Reply demand(const std::vector<std::string>& args);

  /// True if PING is answered with PONG; false for anything else, an exception included.
  bool answers();

  void disconnect();

  /// "127.0.0.1:7000"
  std::string address() const;

 private:
  struct Free {
    void operator()(redisContext* context) const noexcept;
  };
  void connect();
  void ensure_connected();
  void send(const std::vector<std::string>& args);
  Reply receive();
  [[noreturn]] void fail(const std::string& what);

  std::string host_;
  std::uint16_t port_;
  Login login_;
  Timeouts timeouts_;
  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace dbha::lab
