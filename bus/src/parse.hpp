#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>
#include <google/protobuf/stubs/logging.h>

namespace dbha::bus {

/// False if the bytes are no such message. The library would write to stderr for every text that is not UTF-8; a peer
/// must not be able to fill a disk.
template <class Message>
bool parse(std::string_view bytes, Message& message) {
  const google::protobuf::LogSilencer quiet;
  return bytes.size() <= INT_MAX && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

inline std::string serialize(const google::protobuf::MessageLite& message) {
  const google::protobuf::LogSilencer quiet;
  return message.SerializeAsString();
}

}  // namespace dbha::bus
