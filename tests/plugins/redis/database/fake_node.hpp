#pragma once
/// A scripted Redis node on the loop of the test itself, for what a real one cannot be made to do on demand.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <dbha/event_loop.hpp>

#include "redis/resp.hpp"

namespace dbha::test {

class FakeNode {
 public:
  using Args = std::vector<std::string>;
  /// What to answer, as raw bytes; nothing: stay silent.
  using Script = std::function<std::optional<std::string>(const Args&)>;

  explicit FakeNode(EventLoop& loop);
  ~FakeNode();
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;

  Endpoint endpoint() const { return {"127.0.0.1", port_}; }
  /// Asked first for each command; what it leaves to the node ("") is answered +PONG, +OK or -ERR.
  void answer(Script script) { script_ = std::move(script); }
  /// What it says to each client before it has asked anything; then it closes.
  void refuse_with(std::string bytes) { refusal_ = std::move(bytes); }

  void reset_clients();  ///< RST to all
  void close_clients();  ///< FIN to all
  void stop_listening();
  void listen();                             ///< again, on the same port
  void say(const std::string& bytes);        ///< to all clients, unasked
  void stop_reading() { reading_ = false; }  ///< the kernel goes on to take bytes, nobody looks at them

  std::size_t clients() const { return clients_.size(); }
  std::size_t accepted() const { return accepted_; }
  /// Commands received, without those of the greeting and probes.
  const std::vector<Args>& commands() const { return commands_; }
  std::size_t count(const std::string& verb) const;

 private:
  struct Client {
    int fd;
    redis::ReplyReader reader{std::size_t{64} << 20};
    Watch watch;
  };

  void accept_one();
  void read(int fd);
  void serve(int fd, const Args& args);
  void drop(int fd, bool reset);

  EventLoop& loop_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  Watch watch_;
  Script script_;
  std::string refusal_;
  bool reading_ = true;
  std::size_t accepted_ = 0;
  std::map<int, std::unique_ptr<Client>> clients_;
  std::vector<Args> commands_;
};

}  // namespace dbha::test
