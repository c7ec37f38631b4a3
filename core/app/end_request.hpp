#pragma once

namespace dbha::app {

/// While it lives, SIGINT and SIGTERM do not end the program in the middle of something: whoever waits asks whether one
/// has come. Calls that wait return early. One at a time.
class EndRequest {
 public:
  EndRequest();
  ~EndRequest();
  EndRequest(const EndRequest&) = delete;
  EndRequest& operator=(const EndRequest&) = delete;

  /// The signal that has come; 0: none.
  int signal() const;
  bool made() const { return signal() != 0; }
};

}  // namespace dbha::app
