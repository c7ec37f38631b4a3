#include <utility>

#include <dbha_bus/publisher.hpp>

#include "endpoint.hpp"
#include "envelope_codec.hpp"
#include "garbage_log.hpp"
#include "socket.hpp"
#include "socket_options.hpp"
#include "topic.hpp"
#include "upstream_codec.hpp"
#include "wire_limits.hpp"

namespace dbha::bus {
namespace {

using namespace std::chrono_literals;

/// An idle PUB socket does not attach its subscribers (libzmq #3482): nothing else would make it look.
constexpr Duration idle_service = 100ms;
/// For who says hello before the first beat. That comes within a second, unasked.
constexpr Duration retry_while_starting = 500ms;

template <class... Frame>
Frames frames_of(Frame&&... frame) {
  Frames frames;
  (frames.push_back(std::forward<Frame>(frame)), ...);
  return frames;
}

class ZmqPublisher final : public Publisher {
 public:
  ZmqPublisher(const Context& context, EventLoop& loop, Log& log, BusPublisherListener& listener,
               PublisherSettings settings)
      : log_(log),
        listener_(listener),
        settings_(std::move(settings)),
        garbage_(loop, log),
        publish_(context, loop, zmq::socket_type::xpub, [this](Frames& frames) { on_upstream(frames); }),
        control_(context, loop, zmq::socket_type::router, [this](Frames& frames) { on_hello(frames); }) {
    set_publish_options(publish_.zmq());
    set_control_options(control_.zmq());
    bound_publish_ = bind_endpoint(publish_.zmq(), settings_.publish);
    bound_control_ = bind_endpoint(control_.zmq(), settings_.control);
    service_ = Timer(loop, idle_service, [this] {
      publish_.serve();
      control_.serve();
      return idle_service;
    });
  }

  std::string publish_endpoint() const override { return bound_publish_.endpoint; }
  std::string control_endpoint() const override { return bound_control_.endpoint; }

  void publish(const Version& version, std::shared_ptr<const Topology> topology) override {
    Publication publication{next_stamp(), version, std::move(topology)};
    auto bytes = encode(settings_.cluster, publication);
    if (refused("publication_refused", bytes)) return;
    held_ = std::move(publication);
    last_publication_ = frame_of(bytes);
    send(last_publication_);
  }

  void beat(Beat beat) override {
    beat.stamp = next_stamp();
    auto bytes = encode(settings_.cluster, beat, held_);
    if (refused("beat_refused", bytes)) return;
    last_beat_ = frame_of(bytes);
    send(last_beat_);
  }

 private:
  Stamp next_stamp() const { return {settings_.detector, settings_.start, sequence_ + 1}; }

  /// What every subscriber would refuse is refused here, where somebody can do something about it.
  bool refused(const char* event, const std::string& bytes) {
    Downstream unused;
    auto why = decode(
        bytes, settings_.cluster, [this](const std::string&) { return &held_; }, unused);
    if (why) log_.error(event, {{"reason", *why}});
    return why.has_value();
  }

  void send(zmq::message_t& envelope) {
    ++sequence_;
    publish_.send(frames_of(frame_of(topic_of(settings_.cluster)), shared_copy(envelope)));
  }

  void on_upstream(Frames& frames) {
    const auto bytes = text_of(frames.front());
    if (!bytes.empty() && (bytes.front() == 0 || bytes.front() == 1)) return;  // a subscription came or went
    Upstream message;
    Refusal why = frames.size() == 1 ? decode(bytes, settings_.cluster, message) : "a message of several frames";
    if (why) return garbage_.add(bound_publish_.endpoint, *why);
    if (auto* ack = std::get_if<Ack>(&message)) return listener_.on_ack(std::move(*ack));
    if (auto* held = std::get_if<EnvelopeFrom>(&message)) return on_envelope(std::move(*held));
    auto& [controller, hint] = std::get<HintFrom>(message);
    listener_.on_hint(std::move(controller), std::move(hint));
  }

  /// What another one, or this one in an earlier life, has published. Who gives it back adds nothing to it.
  void on_envelope(EnvelopeFrom from) {
    Downstream message;
    auto why = decode(
        from.envelope, settings_.cluster, [](const std::string&) { return nullptr; }, message);
    auto* publication = std::get_if<Publication>(&message);
    if (!why && !publication) why = "an envelope without a publication";
    if (why) return garbage_.add(bound_publish_.endpoint, "from " + from.controller + ": " + *why);
    publication->envelope = std::make_shared<const std::string>(std::move(from.envelope));
    listener_.on_envelope(std::move(from.controller), std::move(*publication));
  }

  /// [identity, hello]
  void on_hello(Frames& frames) {
    Hello hello;
    Refusal why =
        frames.size() == 2 ? decode(text_of(frames[1]), settings_.cluster, hello) : "a hello of several frames";
    if (why) {
      garbage_.add(bound_control_.endpoint, *why);
      control_.send(frames_of(std::move(frames[0]), refusal(0ms, *why)));
    } else if (last_beat_.size() == 0) {
      control_.send(frames_of(std::move(frames[0]), refusal(retry_while_starting, "starting")));
    } else {
      control_.send(frames_of(std::move(frames[0]), frame_of(encode(SnapshotReply{})), shared_copy(last_publication_),
                              shared_copy(last_beat_)));
    }
    if (!why) listener_.on_hello(std::move(hello.controller), hello.peer);
  }

  static zmq::message_t refusal(Duration retry_after, std::string reason) {
    return frame_of(encode(SnapshotReply{.refused = true, .retry_after = retry_after, .reason = std::move(reason)}));
  }

  Log& log_;
  BusPublisherListener& listener_;
  PublisherSettings settings_;
  GarbageLog garbage_;
  std::uint64_t sequence_ = 0;  // of the last message sent
  Publication held_;            // the last one sent
  zmq::message_t last_publication_;
  zmq::message_t last_beat_;
  Socket publish_;
  Socket control_;
  Bound bound_publish_;  // after the sockets: their files go first
  Bound bound_control_;
  Timer service_;
};

}  // namespace

std::unique_ptr<Publisher> open_publisher(const Context& context, EventLoop& loop, Log& log,
                                          BusPublisherListener& listener, PublisherSettings settings) {
  return std::make_unique<ZmqPublisher>(context, loop, log, listener, std::move(settings));
}

}  // namespace dbha::bus
