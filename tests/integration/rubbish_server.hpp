#pragma once

#include <string>
#include <thread>

#include "lab/file_descriptor.hpp"
#include "lab/ports.hpp"

namespace dbha::test {

/// Something that listens where a Redis was expected, and answers every word with a line that is no Redis reply.
class RubbishServer {
 public:
  RubbishServer();
  RubbishServer(const RubbishServer&) = delete;
  RubbishServer& operator=(const RubbishServer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_.number()); }

 private:
  void serve(const std::stop_token& stop) const;

  lab::PortLease port_ = lab::PortLease::take();
  lab::FileDescriptor listener_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace dbha::test
