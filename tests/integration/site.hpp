#pragma once
/// What an operator has on disk: a folder with the configuration files, password files, state, logs and sockets of the
/// processes of one fleet, on loopback.

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "lab/ports.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/temp_dir.hpp"

namespace dbha::test {

/// The deadline of every condition. Far above what a condition needs, because the machine may be loaded.
inline constexpr std::chrono::seconds patience{20};

/// An ACL user of the database. The passwords are words that nothing else contains: wherever one turns up in an output,
/// a secret has leaked.
struct User {
  std::string name;
  std::string password;
};
/// May do what a detector needs, and nothing else.
inline const User detector_user{"dbha-detector", "hush-detector-5d1f"};
/// May do everything but ask for the topology.
inline const User controller_user{"dbha-controller", "hush-controller-8a3c"};
/// A controller that may also read the topology, for a start without a detector.
inline const User reader_user{"dbha-reader", "hush-reader-2e7b"};
/// Knows no user of the database.
inline const User wrong_user{"dbha-detector", "hush-wrong-c04d"};

/// A cluster that knows these users.
lab::RedisCluster::Options with_users(lab::RedisCluster::Options options = {});

/// The slots that a cluster of three primaries begins with, by the primary's index.
inline const std::array<std::string, 3> shards{"0-5460", "5461-10921", "10922-16383"};

/// Where a detector is heard.
struct BusAt {
  std::string publish;
  std::string control;
};

/// What differs between the processes of a fleet; what is left empty gets the site's own.
struct ProcessFile {
  std::string name;
  User user = controller_user;  ///< with an empty name: no login
  bool detector = false;        ///< beside the controller
  std::string admin;
  std::string publish;
  std::string control;
  std::vector<BusAt> detectors{};  ///< that its controller hears
  std::string detector_lines{};    ///< added to its [detector]
  bool controller = true;          ///< false: a detector and nothing else
  std::string hold_down = "0s";    ///< of its controller: by default each event is told by itself
  std::string controller_lines{};  ///< added to its [controller]
};
/// `peers = [...]`, for the lines of a detector.
std::string peers_line(const std::vector<BusAt>& peers);
ProcessFile northbound_file();
ProcessFile southbound_file(const std::string& name, const User& user = controller_user);

class Site {
 public:
  /// `backend`: the lines of the processes' [backend] tables, without a login.
  explicit Site(std::vector<std::string> backend, bool in_process = false);
  explicit Site(const lab::Cluster& cluster) : Site(cluster.backend_table(), cluster.in_process()) {}

  /// The database lives in this process, and so must all that uses it. It knows no users.
  bool in_process() const { return in_process_; }

  /// Writes NAME.toml and the password file, and returns the path of the former.
  std::filesystem::path write(const ProcessFile& file) const;

  std::filesystem::path config_of(const std::string& name) const { return path(name + ".toml"); }
  std::filesystem::path log_of(const std::string& name) const { return path(name + ".log"); }
  std::string admin_of(const std::string& name) const { return "ipc://" + path(name + ".sock").string(); }
  std::filesystem::path state_dir_of(const std::string& name) const { return path(name + ".state"); }
  std::filesystem::path path(const std::string& file) const { return folder_.path() / file; }

  /// The detector's two endpoints, reserved for this site.
  std::string publish() const { return loopback(publish_); }
  std::string control() const { return loopback(control_); }

  /// The files that contain a password, but for the password files themselves: logs, outputs, state.
  std::vector<std::string> files_with_a_secret() const;

 private:
  static std::string loopback(const lab::PortLease& port) { return "tcp://127.0.0.1:" + std::to_string(port.number()); }

  lab::TempDir folder_{"dbha-site"};
  lab::PortLease publish_ = lab::PortLease::take();
  lab::PortLease control_ = lab::PortLease::take();
  std::vector<std::string> backend_;
  bool in_process_;
};

/// A Redis Cluster that should be found at these addresses.
Site site_with_seeds(const std::vector<std::string>& seeds);
/// Its only seed is a place where nobody listens.
Site site_without_database();

/// The whole file; empty if there is none.
std::string contents(const std::filesystem::path& file);

}  // namespace dbha::test
