#include "config/option_table.hpp"

#include <functional>

#include "config/toml.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace std::chrono_literals;

namespace {

constexpr OptionSpec specs[] = {
    {"seeds", OptionType::text_list, nullptr, "nodes to ask first"},
    {"username", OptionType::text, "", "ACL user"},
    {"password", OptionType::text, "", "in clear"},
    {"connect_timeout", OptionType::duration, "1s", "for one connection", 10, 60'000},
    {"database", OptionType::integer, "0", "number", 0, 15},
    {"buffer", OptionType::size, "64kB", "of one connection", 1000},
    {"tls", OptionType::flag, "false", "encrypt"},
    {"channels", OptionType::text_list, "a, b", "subscribed at start"},
    {"grace", OptionType::duration, "", "", 10},
    {"command", OptionType::command, "", "run at each event"},
};

PluginSection section(const std::string& content) {
  return {"backend", "redis", read_toml("plugin = 'redis'\n" + content, "sb.toml"), {"plugin"}};
}

OptionTable table(const std::string& content) {
  return OptionTable("sb.toml", section(content), specs);
}

template <class Exception>
std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Exception& error) {
    return error.what();
  }
  return "accepted";
}

std::string refused(const std::string& content) {
  return error_of<ConfigError>([&] { table(content); });
}

std::string wrong_spec(const OptionSpec& spec) {
  return error_of<PluginError>([&] { OptionTable("sb.toml", section(""), std::span(&spec, 1)); });
}

}  // namespace

TEST_CASE("options that the file does not give have the defaults that the plugin declares") {
  const OptionTable options = table("seeds = ['a:1']");
  CHECK(options.text_list("seeds") == std::vector<std::string>{"a:1"});
  CHECK(options.text("username").empty());
  CHECK(options.duration("connect_timeout") == 1s);
  CHECK(options.integer("database") == 0);
  CHECK(options.size("buffer") == 64'000);
  CHECK_FALSE(options.flag("tls"));
  CHECK(options.text_list("channels") == std::vector<std::string>{"a", "b"});
  CHECK(options.duration("grace") == 0s);
  CHECK(options.given("seeds"));
  CHECK_FALSE(options.given("tls"));
}

TEST_CASE("options that the file gives are read in their own types") {
  const OptionTable options = table(
      "seeds = ['a:1', 'b:2']\nusername = 'u'\nconnect_timeout = '200ms'\ndatabase = 3\nbuffer = 2000\ntls = true\n"
      "channels = []");
  CHECK(options.text_list("seeds") == std::vector<std::string>{"a:1", "b:2"});
  CHECK(options.text("username") == "u");
  CHECK(options.duration("connect_timeout") == 200ms);
  CHECK(options.integer("database") == 3);
  CHECK(options.size("buffer") == 2000);
  CHECK(options.flag("tls"));
  CHECK(options.text_list("channels").empty());
}

TEST_CASE("every option knows its place, one with a default that of its section") {
  const OptionTable options = table("seeds = ['a:1']");
  CHECK(options.where("seeds") == "sb.toml:2:9: backend.seeds");
  CHECK(options.where("tls") == "sb.toml:1:1: backend.tls");
}

TEST_CASE("a wrong option is refused before the plugin is created") {
  const std::string seeds = "seeds = ['a:1']\n";
  CHECK(refused(seeds + "connect_timeot = '1s'") ==
        "sb.toml:3:1: backend.connect_timeot: unknown key; did you mean 'connect_timeout'?");
  CHECK(refused(seeds + "connect_timeout = '1ms'") ==
        "sb.toml:3:19: backend.connect_timeout: expected a duration (\"300ms\", \"1s\", \"10m\", \"1h\") from 10ms to "
        "1m, found text \"1ms\"");
  CHECK(refused(seeds + "database = 16") ==
        "sb.toml:3:12: backend.database: expected an integer from 0 to 15, found integer 16");
  CHECK(refused(seeds + "tls = 'yes'") == "sb.toml:3:7: backend.tls: expected true or false, found text \"yes\"");
  CHECK(refused(seeds + "buffer = -5") ==
        "sb.toml:3:10: backend.buffer: expected a size (\"512\", \"64kB\", \"1MB\") from 1kB, found integer -5");
  CHECK(refused("seeds = ['a:1', ['b:2']]") ==
        "sb.toml:2:17: backend.seeds: expected a list of texts that is not empty, found a list");
  CHECK(refused("seeds = []") ==
        "sb.toml:2:9: backend.seeds: expected a list of texts that is not empty, found a list");
  CHECK(refused("") ==
        "sb.toml:1:1: backend.seeds: expected a list of texts that is not empty, found nothing: this key is required");
}

TEST_CASE("the value of an option that holds a secret is not shown") {
  CHECK(refused("seeds = ['a:1']\npassword = 12345") ==
        "sb.toml:3:12: backend.password: expected text, found integer (not shown)");
  CHECK(refused("seeds = ['a:1']\npasword = 'hunter2'") ==
        "sb.toml:3:1: backend.pasword: unknown key; did you mean 'password'?");
}

TEST_CASE("a default that its own declaration refuses is the plugin's mistake") {
  CHECK(wrong_spec({"depth", OptionType::integer, "many", ""}) ==
        "plugin 'redis': option backend.depth: its default \"many\" is refused by its own declaration, which asks for "
        "an integer; "
        "correct the plugin");
  CHECK(wrong_spec({"pause", OptionType::duration, "1", ""}) ==
        "plugin 'redis': option backend.pause: its default \"1\" is refused by its own declaration, which asks for a "
        "duration "
        "(\"300ms\", \"1s\", \"10m\", \"1h\"); correct the plugin");
  CHECK(wrong_spec({"depth", OptionType::integer, "5", "", 6, 9}) ==
        "plugin 'redis': option backend.depth: its default \"5\" is refused by its own declaration, which asks for an "
        "integer from 6 to "
        "9; correct the plugin");
}

TEST_CASE("asking for an option that was not declared, or as another type, is the plugin's mistake") {
  const OptionTable options = table("seeds = ['a:1']");
  CHECK(error_of<PluginError>([&] { options.text("user"); }) ==
        "plugin 'redis': option backend.user was asked for and is not declared; correct the plugin");
  CHECK(
      error_of<PluginError>([&] { options.integer("connect_timeout"); }) ==
      "plugin 'redis': option backend.connect_timeout was asked for as another type than declared; correct the plugin");
}

TEST_CASE("a command is a list that begins with a program which can be run") {
  const auto command = [](const std::string& text) { return refused("seeds = ['a:1']\ncommand = " + text); };
  const std::string expected =
      "backend.command: expected a list that begins with a program which this user may run (a path, or a name found "
      "along PATH), found ";
  CHECK(table("seeds = ['a:1']\ncommand = ['sh', '-c', 'true']").text_list("command").size() == 3);
  CHECK(command("['/bin/sh']") == "accepted");
  CHECK(command("[]") == "accepted");  // it has a default
  CHECK(command("['/no/such/program', 'x']") == "sb.toml:3:12: " + expected + "text \"/no/such/program\"");
  CHECK(command("['no-such-program']") == "sb.toml:3:12: " + expected + "text \"no-such-program\"");
  CHECK(command("['/etc/passwd']") == "sb.toml:3:12: " + expected + "text \"/etc/passwd\"");  // not executable
  CHECK(command("['/etc']") == "sb.toml:3:12: " + expected + "text \"/etc\"");                // a folder
  CHECK(command("['']") == "sb.toml:3:12: " + expected + "text \"\"");
  CHECK(command("['sh', 1]") == "sb.toml:3:18: " + expected + "integer 1");
  CHECK(command("'sh'") == "sb.toml:3:11: " + expected + "text \"sh\"");
}
