#include "site.hpp"

#include <fstream>
#include <iterator>

namespace dbha::test {
namespace {

const std::vector<User>& all_users() {
  static const std::vector<User> users{detector_user, controller_user, reader_user, wrong_user};
  return users;
}

std::string list_of(const std::vector<BusAt>& detectors) {
  std::string list;
  for (const auto& at : detectors)
    list +=
        (list.empty() ? "{ publish = \"" : ", { publish = \"") + at.publish + "\", control = \"" + at.control + "\" }";
  return "[" + list + "]";
}

}  // namespace

std::string peers_line(const std::vector<BusAt>& peers) {
  return "peers = " + list_of(peers) + '\n';
}

lab::RedisCluster::Options with_users(lab::RedisCluster::Options options) {
  const auto add = [&](const User& user, const std::string& rules) {
    options.conf_lines.push_back("user " + user.name + " on >" + user.password + ' ' + rules);
  };
  add(detector_user,
      "&dbha:parked:* +cluster|nodes +cluster|info +cluster|myid +info +role +ping +client|setname +ssubscribe");
  add(controller_user, "~* &* +@all -cluster -info -role");
  add(reader_user, "~* &* +@all");
  return options;
}

ProcessFile northbound_file() {
  return {.name = "nb", .user = detector_user, .detector = true, .admin = {}, .publish = {}, .control = {}};
}

ProcessFile southbound_file(const std::string& name, const User& user) {
  return {.name = name, .user = user, .detector = false, .admin = {}, .publish = {}, .control = {}};
}

Site::Site(std::vector<std::string> backend, bool in_process) : backend_(std::move(backend)), in_process_(in_process) {}

std::filesystem::path Site::write(const ProcessFile& file) const {
  const std::string publish = file.publish.empty() ? this->publish() : file.publish;
  const std::string control = file.control.empty() ? this->control() : file.control;
  std::ofstream out(config_of(file.name));
  out << "name = \"" << file.name << "\"\ncluster = \"site\"\nstate_dir = \"" << state_dir_of(file.name).string()
      << "\"\n\n[log]\nfile = \"" << log_of(file.name).string() << "\"\n\n[admin]\nendpoint = \""
      << (file.admin.empty() ? admin_of(file.name) : file.admin) << "\"\n\n[backend]\n";
  for (const auto& line : backend_) out << line << '\n';
  if (!file.user.name.empty() && !in_process_) {
    const auto password_file = path(file.name + ".pass");
    std::ofstream(password_file) << file.user.password << '\n';
    out << "username = \"" << file.user.name << "\"\npassword_file = \"" << password_file.string() << "\"\n";
  }
  if (file.detector)
    out << "\n[detector]\npublish = \"" << publish << "\"\ncontrol = \"" << control << "\"\nlisten = \"0s\"\n"
        << "resync_spacing = \"0s\"\n"  // what waits for its moment may become one event with what comes
        << file.detector_lines;
  if (!file.controller) return config_of(file.name);
  const std::vector<BusAt> own{{publish, control}};
  out << "\n[controller]\nhold_down = \"" << file.hold_down
      << "\"\ndetectors = " << list_of(file.detectors.empty() ? own : file.detectors) << '\n'
      << file.controller_lines;
  return config_of(file.name);
}

std::vector<std::string> Site::files_with_a_secret() const {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (!entry.is_regular_file() || entry.path().extension() == ".pass") continue;
    const std::string text = contents(entry.path());
    for (const auto& user : all_users())
      if (text.find(user.password) != std::string::npos) out.push_back(entry.path().filename());
  }
  return out;
}

Site site_with_seeds(const std::vector<std::string>& seeds) {
  std::string list;
  for (const auto& seed : seeds) list += (list.empty() ? "\"" : ", \"") + seed + '"';
  return Site({"plugin = \"redis\"", "seeds = [" + list + "]"});
}

Site site_without_database() {
  static const auto nobody = lab::PortLease::take();
  return site_with_seeds({"127.0.0.1:" + std::to_string(nobody.number())});
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace dbha::test
