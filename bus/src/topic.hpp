#pragma once

#include <string>

namespace dbha::bus {

/// The closing slash matters: subscriptions match prefixes, and HA/nb would also match HA/nb2. So does the receiver's
/// comparison of the whole topic: HA/nb/ matches HA/nb/x.
inline std::string topic_of(const std::string& cluster) {
  return "HA/" + cluster + '/';
}

}  // namespace dbha::bus
