#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lab/file_descriptor.hpp"

namespace dbha::lab {

/// The right to use one loopback TCP port, against every other lab process of this machine, for as long as the object
/// lives: a server that was killed finds its port free when it is started again, even with labs running in parallel.
///
/// The problem: a port that was free when it was looked at is taken before the server binds it. Ports are therefore
/// chosen at random from 20000-29999, below the range the kernel takes for outgoing connections, and reserved by a
/// socket in the abstract unix namespace whose name contains the port; the kernel drops the reservation with the
/// process, whatever ends it. Weak spot: a program that is no lab may still take the port; the server's start then
/// fails and its log says so.
class PortLease {
 public:
  /// A port nobody listens on and no lab holds. Throws std::runtime_error if there is none.
  static PortLease take();

  std::uint16_t number() const { return number_; }

 private:
  PortLease(std::uint16_t number, FileDescriptor reservation) : number_(number), reservation_(std::move(reservation)) {}

  std::uint16_t number_;
  FileDescriptor reservation_;
};

/// `count` different ports.
std::vector<PortLease> lease_ports(std::size_t count);

}  // namespace dbha::lab
