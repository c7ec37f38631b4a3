// The stream by itself, against OpenSSL as a server, where every buffer between them is small and often full.
#include "redis/tls_stream.hpp"

#include <array>
#include <cstring>
#include <functional>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/certificates.hpp"
#include "lab/file_descriptor.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::redis;
using namespace dbha::test;

namespace {

/// A server on loopback that sends back what it gets, step by step, when the test lets it.
class EchoServer {
 public:
  explicit EchoServer(const lab::CertificateFiles& files) : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    REQUIRE(SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate.c_str()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context_.get(), files.key.c_str(), SSL_FILETYPE_PEM) == 1);
    SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    listener_ = lab::FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int small = 4096;  // inherited by what is accepted
    setsockopt(listener_.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(listener_.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    auto* address = reinterpret_cast<sockaddr_in*>(&address_.storage);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address_.length = sizeof *address;
    auto* generic = reinterpret_cast<sockaddr*>(&address_.storage);
    REQUIRE(bind(listener_.get(), generic, address_.length) == 0);
    REQUIRE(listen(listener_.get(), 1) == 0);
    getsockname(listener_.get(), generic, &address_.length);
  }
  const SocketAddress& address() const { return address_; }
  void accept() {
    fd_ = lab::FileDescriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_.get());
    SSL_set_accept_state(ssl_.get());
  }
  /// Reads a little and writes a little. The handshake is part of it.
  void step() {
    std::array<char, 3000> buffer;
    std::size_t count = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count) == 1) to_echo_.append(buffer.data(), count);
    if (to_echo_.empty()) return;
    if (!write_pending_ && SSL_version(ssl_.get()) == TLS1_3_VERSION && ++writes_ % 10 == 0)
      SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
    ERR_clear_error();
    write_pending_ = SSL_write_ex(ssl_.get(), to_echo_.data(), to_echo_.size(), &count) != 1;
    if (!write_pending_) to_echo_.erase(0, count);
  }
  std::size_t key_updates() const { return writes_ / 10; }

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  lab::FileDescriptor listener_;
  SocketAddress address_;
  lab::FileDescriptor fd_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};
  std::string to_echo_;
  bool write_pending_ = false;
  std::size_t writes_ = 0;
};

struct Bench {
  TempFolder folder;
  lab::CertificateAuthority authority{folder.path()};
  EchoServer server{authority.issue({.name = "server"})};
  TlsContext context{GivenOptions({{"tls_ca_file", authority.file()}})};
  Socket socket;
  std::unique_ptr<TlsStream> stream;

  Bench() {
    REQUIRE(socket.connect(server.address()) == 0);
    server.accept();
    const int small = 4096;
    setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    stream = std::make_unique<TlsStream>(context, "127.0.0.1", socket);
    auto step = TlsStream::Handshake::under_way;
    for (int i = 0; i < 10000 && step == TlsStream::Handshake::under_way; ++i) {
      step = stream->shake_hands();
      server.step();
    }
    REQUIRE(step == TlsStream::Handshake::done);
  }
};

std::string numbers(std::size_t size) {
  std::string out;
  for (int i = 0; out.size() < size; ++i) out += std::to_string(i) + ' ';
  return out;
}

}  // namespace

TEST_CASE("bytes arrive once and in order, though every buffer is full and the keys change on the way") {
  Bench bench;
  const std::string sent = numbers(2'000'000);
  std::string received;
  std::size_t taken = 0, blocked = 0;
  std::vector<char> buffer(10'007);
  for (int i = 0; i < 1'000'000 && received.size() < sent.size(); ++i) {
    // Another copy each time, as in a buffer that grows: OpenSSL must not insist on the place of the bytes.
    const std::string left = sent.substr(taken, 40'000);
    if (!left.empty() || bench.stream->holds_output()) {
      const auto wrote = bench.stream->write(left);
      REQUIRE_FALSE(wrote.ended);
      taken += wrote.bytes;
      blocked += wrote.blocked ? 1U : 0U;
    }
    bench.server.step();
    const auto got = bench.stream->read(buffer.data(), buffer.size());
    REQUIRE_FALSE(got.ended);
    received.append(buffer.data(), got.bytes);
  }
  CHECK((received == sent));
  CHECK(blocked > 10);
  CHECK(bench.server.key_updates() > 10);
}

TEST_CASE("bytes that were taken while the socket was full do not change, whatever is given next") {
  Bench bench;
  std::size_t taken = 0;
  for (bool blocked = false; !blocked;) {
    const auto wrote = bench.stream->write(std::string(5000, 'a'));
    taken += wrote.bytes;
    blocked = wrote.blocked;
  }
  REQUIRE(bench.stream->holds_output());
  CHECK(bench.stream->wants_write());
  std::string received;
  std::vector<char> buffer(50'000);
  std::size_t after = 0;  // given once the socket has room again, and other bytes than those that were blocked
  for (int i = 0; i < 1'000'000 && received.size() < taken + 3; ++i) {
    if (after < 3) after += bench.stream->write(std::string_view("bcd").substr(after)).bytes;
    bench.server.step();
    const auto got = bench.stream->read(buffer.data(), buffer.size());
    received.append(buffer.data(), got.bytes);
  }
  CHECK((received == std::string(taken, 'a') + "bcd"));
}

TEST_CASE("what was read ahead is offered although the socket has nothing more") {
  Bench bench;
  std::size_t taken = 0;
  while (taken < 30'000) {
    taken += bench.stream->write(std::string(30'000 - taken, 'x')).bytes;
    bench.server.step();
  }
  std::array<char, 10> buffer;
  std::size_t received = 0, hidden = 0;
  for (int i = 0; i < 1'000'000 && received < taken; ++i) {
    bench.stream->write({});
    bench.server.step();
    received += bench.stream->read(buffer.data(), buffer.size()).bytes;
    hidden += bench.stream->has_more() ? 1U : 0U;
  }
  CHECK(received == taken);
  CHECK(hidden > taken / buffer.size() / 2);
  CHECK_FALSE(bench.stream->has_more());
}
