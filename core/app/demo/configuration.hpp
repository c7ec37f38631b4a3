#pragma once
/// The files of the demo's processes, as a user would write them, and the two users by which they log in.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dbha::demo {

/// By this user the SB processes and the writer log in. It may not ask for the topology: that they never try shows in
/// `ACL LOG`, which names every command that was refused.
inline constexpr const char* controller_user = "dbha-controller";

struct Passwords {
  std::string detector;
  std::string controller;
  /// Two random ones.
  static Passwords make();
};

/// The lines of redis.conf. The detector's user is given what a detector needs, and nothing else.
std::vector<std::string> acl_lines(const Passwords& passwords);

/// What all files have in common.
struct Place {
  std::filesystem::path folder;      ///< for everything: files, state, sockets, logs
  std::vector<std::string> backend;  ///< the lines of the [backend] tables, without a login
  bool users = true;                 ///< the database knows users
  std::uint16_t publish_port = 0;
  std::uint16_t control_port = 0;
  Passwords passwords;
};

/// A process, as its file configures it.
struct Configured {
  std::string name;
  std::filesystem::path file;
  std::filesystem::path log;
  std::string endpoint;  ///< of its admin requests
};

/// Detector and controller. One [backend] table is one login, so this controller's is the detector's.
Configured write_nb(const Place& place);
Configured write_sb(const Place& place, const std::string& name);
/// The controller embedded in the demo itself, for `rate` calls a second, with a mirror; without `resync` what a
/// failover loses stays lost.
Configured write_writer(const Place& place, unsigned rate, bool resync);

}  // namespace dbha::demo
