#include "lab/ports.hpp"

#include <cstddef>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace dbha::lab {
namespace {

constexpr int kFirstPort = 20000;
constexpr int kLastPort = 29999;

template <class Address>
bool bind_to(const FileDescriptor& socket, const Address& address, std::size_t size) {
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)) == 0;
}

/// Invalid if another process, or this one, holds the reservation.
FileDescriptor reserve(int port) {
  const std::string name = "dbha-lab-port-" + std::to_string(port);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // a leading zero byte makes the name abstract: no file
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!bind_to(socket, address, offsetof(sockaddr_un, sun_path) + 1 + name.size())) socket.reset();
  return socket;
}

bool can_be_bound(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;  // as servers do: connections of a former life in TIME_WAIT do not make a port taken
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  return bind_to(socket, address, sizeof address);
}

}  // namespace

PortLease PortLease::take() {
  thread_local std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> any_port(kFirstPort, kLastPort);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const int port = any_port(random);
    FileDescriptor reservation = reserve(port);
    if (reservation.get() >= 0 && can_be_bound(port)) return {static_cast<std::uint16_t>(port), std::move(reservation)};
  }
  throw std::runtime_error("no free loopback TCP port found between 20000 and 29999 in 1000 attempts");
}

std::vector<PortLease> lease_ports(std::size_t count) {
  std::vector<PortLease> ports;
  ports.reserve(count);
  while (ports.size() < count) ports.push_back(PortLease::take());
  return ports;
}

}  // namespace dbha::lab
