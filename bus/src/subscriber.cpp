#include <map>
#include <utility>

#include <dbha_bus/subscriber.hpp>

#include <dbha/error.hpp>

#include "endpoint.hpp"
#include "envelope_codec.hpp"
#include "garbage_log.hpp"
#include "socket.hpp"
#include "socket_options.hpp"
#include "topic.hpp"
#include "upstream_codec.hpp"

namespace dbha::bus {
namespace {

/// How many detectors one subscriber remembers by name. A cluster has a few; a peer that invents names must not fill
/// the memory.
constexpr std::size_t most_detectors = 64;

class ZmqSubscriber final : public BusSubscriber {
 public:
  ZmqSubscriber(const Context& context, EventLoop& loop, Log& log, BusSubscriberListener& listener,
                SubscriberSettings settings)
      : context_(context),
        loop_(loop),
        log_(log),
        listener_(listener),
        settings_(std::move(settings)),
        topic_(topic_of(settings_.cluster)),
        garbage_(loop, log) {
    for (const auto& endpoints : settings_.detectors) check_connect_endpoint(endpoints.control);
    for (std::size_t i = 0; i < settings_.detectors.size(); ++i)
      lines_.push_back({open_subscription(i), nullptr, loop_.now()});
    last_check_ = loop_.now();
    silence_check_ = Timer(loop_, check_period(), [this] { return reopen_silent_lines(), check_period(); });
  }

  std::size_t detectors() const override { return lines_.size(); }

  void request_snapshot(std::size_t detector) override {
    try {
      say_hello(detector);
    } catch (const StartError& e) {  // no descriptor left: as if no answer came, which the caller is ready for
      log_.error("snapshot_request_failed", {{"reason", e.what()}});
    }
  }

  void send_ack(const Ack& ack) override {
    auto found = heard_.find(ack.detector);
    if (found == heard_.end()) {
      log_.debug("ack_dropped", {{"detector", ack.detector}, {"reason", "never heard of it"}});
      return;
    }
    send(*lines_[found->second.line].subscription, encode(settings_.cluster, ack));
  }

  void send_hint(const Hint& hint) override {
    const auto bytes = encode(settings_.cluster, HintFrom{settings_.controller, hint});
    for (auto& line : lines_) send(*line.subscription, bytes);
  }

  void send_envelope(const std::string& detector, const Publication& publication) override {
    auto found = heard_.find(detector);
    if (found == heard_.end() || !publication.envelope) return;
    const EnvelopeFrom message{settings_.controller, *publication.envelope};
    send(*lines_[found->second.line].subscription, encode(settings_.cluster, message));
  }

 private:
  /// To one configured detector or relay.
  struct Line {
    std::unique_ptr<Socket> subscription;
    std::unique_ptr<Socket> hello;  ///< from a request to its answer
    TimePoint heard;                ///< when something came last, or when it was opened
  };
  /// A detector known by name.
  struct Heard {
    std::size_t line = 0;  ///< on which it spoke last
    Publication held;      ///< the last one received, to read the reach of its beats by
  };

  std::unique_ptr<Socket> open_subscription(std::size_t line) {
    auto socket = std::make_unique<Socket>(context_, loop_, zmq::socket_type::xsub,
                                           [this, line](Frames& frames) { on_published(line, frames); });
    set_subscription_options(context_, socket->zmq());
    send(*socket, '\1' + topic_);  // remembered by the socket, and sent on every connection
    connect_endpoint(socket->zmq(), settings_.detectors[line].publish);
    return socket;
  }

  Duration check_period() const { return settings_.silence / 4; }

  /// libzmq connects again after a connection is lost, but gives it up for good when the peer breaks the rules of the
  /// transport, and one frame beyond the cap is enough. A detector is never silent for long, so silence shows it.
  void reopen_silent_lines() {
    const TimePoint now = loop_.now();
    const bool we_slept = now - std::exchange(last_check_, now) > settings_.silence;  // what came is still unread
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (we_slept) lines_[i].heard = now;
      if (now - lines_[i].heard > settings_.silence) reopen(i);
    }
  }

  void reopen(std::size_t line) {
    lines_[line].heard = loop_.now();
    try {
      lines_[line].subscription = open_subscription(line);
      log_.debug("subscription_reopened", {{"endpoint", settings_.detectors[line].publish}, {"reason", "silence"}});
    } catch (const StartError& e) {
      log_.error("subscription_not_reopened", {{"reason", e.what()}});
    }
  }

  void say_hello(std::size_t detector) {
    auto hello = std::make_unique<Socket>(context_, loop_, zmq::socket_type::dealer,
                                          [this, detector](Frames& frames) { on_answer(detector, frames); });
    set_hello_options(context_, hello->zmq());
    connect_endpoint(hello->zmq(), settings_.detectors.at(detector).control);
    send(*hello, encode(settings_.cluster, Hello{settings_.controller, settings_.peer}));
    lines_[detector].hello = std::move(hello);
  }

  static void send(Socket& socket, std::string_view bytes) {
    Frames frames;
    frames.push_back(frame_of(bytes));
    socket.send(std::move(frames));
  }

  // The listener may destroy this object: nothing is touched after it has been called.

  /// [topic, envelope]
  void on_published(std::size_t line, Frames& frames) {
    const auto& endpoint = settings_.detectors[line].publish;
    lines_[line].heard = loop_.now();
    if (frames.size() != 2) return refuse(endpoint, "a message of " + std::to_string(frames.size()) + " frames");
    if (text_of(frames[0]) != topic_) return refuse(endpoint, "another topic than " + topic_);
    Downstream message;
    if (auto why = decode_envelope(frames[1], message)) return refuse(endpoint, *why);
    if (auto why = remember(line, message)) return refuse(endpoint, *why);
    if (auto* beat = std::get_if<Beat>(&message)) return listener_.on_beat(std::move(*beat));
    listener_.on_publication(std::get<Publication>(std::move(message)));
  }

  /// [reply] or [reply, publication, beat]
  void on_answer(std::size_t line, Frames& frames) {
    const auto done = std::move(lines_[line].hello);  // one answer is all it was opened for
    const auto& endpoint = settings_.detectors[line].control;
    SnapshotReply reply;
    if (auto why = decode(text_of(frames[0]), reply)) return refuse(endpoint, *why);
    if (reply.refused && reply.retry_after > Duration(0)) return listener_.on_snapshot_refused(line, reply.retry_after);
    if (reply.refused) return refuse(endpoint, "the detector refuses this controller: " + reply.reason);
    Snapshot snapshot;
    if (auto why = read_snapshot(line, frames, snapshot)) return refuse(endpoint, *why);
    listener_.on_snapshot(line, std::move(snapshot));
  }

  Refusal read_snapshot(std::size_t line, const Frames& frames, Snapshot& snapshot) {
    if (frames.size() != 3) return "a snapshot of " + std::to_string(frames.size()) + " frames, expected 3";
    Downstream message;
    if (frames[1].size() != 0) {
      if (auto why = decode_envelope(frames[1], message)) return why;
      if (!std::holds_alternative<Publication>(message)) return "a snapshot without a publication";
      if (auto why = remember(line, message)) return why;
      snapshot.publication = std::get<Publication>(std::move(message));
    }
    if (auto why = decode_envelope(frames[2], message)) return why;
    if (!std::holds_alternative<Beat>(message)) return "a snapshot without a beat";
    if (auto why = remember(line, message)) return why;
    snapshot.beat = std::get<Beat>(std::move(message));
    return {};
  }

  Refusal decode_envelope(const zmq::message_t& frame, Downstream& message) const {
    const auto held_of = [this](const std::string& detector) {
      auto found = heard_.find(detector);
      return found == heard_.end() ? nullptr : &found->second.held;
    };
    const auto bytes = text_of(frame);
    auto why = decode(bytes, settings_.cluster, held_of, message);
    if (auto* publication = std::get_if<Publication>(&message); publication && !why)
      publication->envelope = std::make_shared<const std::string>(bytes);
    return why;
  }

  Refusal remember(std::size_t line, const Downstream& message) {
    const auto& stamp = std::visit([](const auto& m) -> const Stamp& { return m.stamp; }, message);
    if (!heard_.contains(stamp.detector) && heard_.size() == most_detectors)
      return "detector " + stamp.detector + " is one more than the " + std::to_string(most_detectors) + " known";
    auto& heard = heard_[stamp.detector];
    heard.line = line;
    if (const auto* publication = std::get_if<Publication>(&message)) heard.held = *publication;
    return {};
  }

  void refuse(const std::string& endpoint, const std::string& reason) {
    garbage_.add(endpoint, reason);
    listener_.on_garbage(endpoint + ": " + reason);
  }

  Context context_;
  EventLoop& loop_;
  Log& log_;
  BusSubscriberListener& listener_;
  SubscriberSettings settings_;
  std::string topic_;
  GarbageLog garbage_;
  std::map<std::string, Heard> heard_;
  std::vector<Line> lines_;
  TimePoint last_check_;
  Timer silence_check_;
};

}  // namespace

std::unique_ptr<BusSubscriber> open_subscriber(const Context& context, EventLoop& loop, Log& log,
                                               BusSubscriberListener& listener, SubscriberSettings settings) {
  return std::make_unique<ZmqSubscriber>(context, loop, log, listener, std::move(settings));
}

}  // namespace dbha::bus
