// The smallest embedding program: it only shows that the installed headers and library are enough.
#include <iostream>

#include <dbha/controller.hpp>
#include <dbha/error.hpp>

int main(int, char** argv) {
  try {
    auto controller = dbha::Controller::open(argv[1]);
    const bool ready = controller->wait_ready(std::chrono::milliseconds(100));
    std::cout << "ready: " << (ready ? "yes" : "no") << '\n';
  } catch (const dbha::Error& e) {
    std::cerr << e.what() << '\n';
    return 2;
  }
}
