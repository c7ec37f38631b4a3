#include "rubbish_server.hpp"

#include <stdexcept>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace dbha::test {
namespace {

constexpr std::string_view rubbish = "220 mail.example.org ESMTP ready\r\n";
constexpr int look_for_the_end_ms = 50;

lab::FileDescriptor listen_on(std::uint16_t port) {
  lab::FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd.get(), 16) != 0)
    throw std::runtime_error("cannot listen on port " + std::to_string(port));
  return fd;
}

/// False when the client has gone.
bool answer(int client) {
  char buffer[1024];
  if (recv(client, buffer, sizeof buffer, 0) <= 0) return false;
  return send(client, rubbish.data(), rubbish.size(), MSG_NOSIGNAL) > 0;
}

}  // namespace

RubbishServer::RubbishServer()
    : listener_(listen_on(port_.number())), thread_([this](const std::stop_token& stop) { serve(stop); }) {}

void RubbishServer::serve(const std::stop_token& stop) const {
  std::vector<lab::FileDescriptor> clients;
  while (!stop.stop_requested()) {
    std::vector<pollfd> watched{{listener_.get(), POLLIN, 0}};
    for (const auto& client : clients) watched.push_back({client.get(), POLLIN, 0});
    if (poll(watched.data(), watched.size(), look_for_the_end_ms) <= 0) continue;
    std::vector<lab::FileDescriptor> staying;
    for (std::size_t i = 0; i < clients.size(); ++i)
      if (watched[i + 1].revents == 0 || answer(clients[i].get())) staying.push_back(std::move(clients[i]));
    if (watched[0].revents != 0) staying.emplace_back(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    clients = std::move(staying);
  }
}

}  // namespace dbha::test
