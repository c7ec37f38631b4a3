#include "demo/configuration.hpp"

#include <fstream>
#include <random>
#include <stdexcept>

#include <sys/stat.h>
#include <sys/un.h>

#include "demo/mirrored.hpp"

namespace dbha::demo {
namespace {

namespace fs = std::filesystem;

constexpr const char* detector_user = "dbha-detector";

std::string random_password() {
  std::random_device device;
  std::string out;
  for (int i = 0; i < 24; ++i) out += "0123456789abcdef"[device() % 16];
  return out;
}

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

fs::path write_secret(const fs::path& file, const std::string& password) {
  const mode_t before = umask(0177);  // 0600 from its first moment
  write_file(file, password + "\n");
  umask(before);
  return file;
}

/// As TOML writes it.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string setting(const std::string& key, const std::string& text) {
  return key + " = " + quoted(text) + "\n";
}

/// A path longer than a unix socket's address would be refused by every process with an error of its own.
std::string endpoint_in(const fs::path& folder, const std::string& name) {
  const std::string path = (folder / (name + ".sock")).string();
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    throw std::runtime_error("the path of a unix socket has at most 107 bytes, but the temporary folder leads to " +
                             path + "; set TMPDIR to a shorter one");
  return "ipc://" + path;
}

std::string common_sections(const Place& place, const Configured& process, const std::string& user,
                            const std::string& password) {
  std::string backend;
  for (const auto& line : place.backend) backend += line + "\n";
  if (place.users)
    backend += setting("username", user) +
               setting("password_file", write_secret(place.folder / (process.name + ".pass"), password).string());
  return setting("name", process.name) + setting("cluster", "demo") +
         setting("state_dir", (place.folder / (process.name + "-state")).string()) +  //
         "\n[log]\n" + setting("file", process.log.string()) +                        //
         "\n[admin]\n" + setting("endpoint", process.endpoint) +                      //
         "\n[backend]\n" + backend;
}

std::string loopback(std::uint16_t port) {
  return "tcp://127.0.0.1:" + std::to_string(port);
}

std::string detector_section(const Place& place) {
  return "\n[detector]\n" + setting("publish", loopback(place.publish_port)) +
         setting("control", loopback(place.control_port)) + setting("listen", "0s") +  // a new fleet holds nothing yet
         setting("resync_spacing", "0s");  // each event is to be seen by itself
}

std::string controller_section(const Place& place) {
  return "\n[controller]\nhold_down = \"0s\"\ndetectors = [{ publish = " + quoted(loopback(place.publish_port)) +
         ", control = " + quoted(loopback(place.control_port)) + " }]\n";
}

std::string mirror_section(bool resync) {
  return "\n[[consistency]]\n" + setting("plugin", "mirror") + "tables = [" + quoted(mirrored_table) + "]\n" +
         setting("durability", "process") + (resync ? "" : "resync = false\n");
}

Configured name_files(const Place& place, const std::string& name) {
  return {name, place.folder / (name + ".toml"), place.folder / (name + ".log"), endpoint_in(place.folder, name)};
}

Configured write_controller(const Place& place, const std::string& name, const std::string& more) {
  Configured process = name_files(place, name);
  write_file(process.file, common_sections(place, process, controller_user, place.passwords.controller) +
                               controller_section(place) + more);
  return process;
}

}  // namespace

Passwords Passwords::make() {
  return {random_password(), random_password()};
}

std::vector<std::string> acl_lines(const Passwords& passwords) {
  return {
      "user " + std::string(detector_user) + " on >" + passwords.detector +
          " &dbha:parked:* +cluster|nodes +cluster|info +cluster|myid +info +role +ping +client|setname +ssubscribe",
      "user " + std::string(controller_user) + " on >" + passwords.controller + " ~* &* +@all -cluster -info -role"};
}

Configured write_nb(const Place& place) {
  Configured process = name_files(place, "nb");
  write_file(process.file, common_sections(place, process, detector_user, place.passwords.detector) +
                               detector_section(place) + controller_section(place));
  return process;
}

Configured write_sb(const Place& place, const std::string& name) {
  return write_controller(place, name, "");
}

Configured write_writer(const Place& place, unsigned rate, bool resync) {
  // While a shard has no primary its calls wait, up to their deadline of 10 s: there must be room for them.
  const unsigned calls = 15 * rate;
  return write_controller(place, "writer",
                          "queue_calls = " + std::to_string(calls) + "\n" +
                              setting("queue_bytes", std::to_string(calls / 1000 + 1) + "MB") + mirror_section(resync));
}

}  // namespace dbha::demo
