#pragma once
/// A server that says what the test wants, on the loop of the test.

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <dbha/event_loop.hpp>

#include "redis/resp.hpp"

namespace dbha::test {

class FakeNode {
 public:
  using Args = std::vector<std::string>;
  /// The bytes to answer a command with; nothing: it is left without an answer.
  using Script = std::function<std::optional<std::string>(const Args&)>;

  FakeNode(EventLoop& loop, Script script);
  ~FakeNode();
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;

  Endpoint endpoint() const { return {"127.0.0.1", port_}; }
  void answer_with(Script script) { script_ = std::move(script); }
  /// Sends bytes that nobody asked for, on every connection.
  void say(const std::string& bytes);
  void close_connections() { clients_.clear(); }
  std::size_t connections() const { return clients_.size(); }
  std::size_t accepted() const { return accepted_; }
  const std::vector<Args>& received() const { return received_; }
  std::size_t received(const std::string& verb) const;

 private:
  struct Client {
    explicit Client(int descriptor) : fd(descriptor), reader(1 << 20) {}
    ~Client();
    Client(const Client&) = delete;
    int fd;
    redis::ReplyReader reader;
    Watch watch;
  };

  void accept_one();
  void serve(Client& client);

  EventLoop& loop_;
  Script script_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::size_t accepted_ = 0;
  std::vector<Args> received_;
  std::list<Client> clients_;
  Watch watch_;
};

/// "$5\r\nhello\r\n"
std::string bulk(const std::string& text);

}  // namespace dbha::test
