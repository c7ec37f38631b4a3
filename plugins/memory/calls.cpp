#include "memory/calls.hpp"

#include <algorithm>
#include <random>

#include "model/key_hash.hpp"

namespace dbha::memory {
namespace {

bool is_order(const Call& call) {
  return !call.args.empty() && call.args.front() == "MEMORY";
}

std::string ms_text(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

Calls::Calls(EventLoop& loop, Line& line, Peers& peers, Hints& hints, const DatabaseSettings& settings,
             std::uint32_t partitions)
    : loop_(loop),
      line_(line),
      peers_(peers),
      hints_(hints),
      settings_(settings),
      partitions_(partitions),
      random_(std::random_device{}()) {}

std::optional<std::string> Calls::unfit(const Call& call) const {
  if (!call.transaction.empty()) return "this database knows no transactions";
  if (call.args.empty() || call.args.front().empty()) return "a call needs a command";
  if (calls_.size() >= settings_.queue_calls)
    return "the queue is full: " + std::to_string(calls_.size()) + " calls (queue_calls) have not ended";
  if (bytes_ + bytes_of(call) > settings_.queue_bytes)
    return "the queue is full: its calls would have more than " + std::to_string(settings_.queue_bytes) +
           " bytes (queue_bytes)";
  return std::nullopt;
}

std::size_t Calls::bytes_of(const Call& call) const {
  std::size_t out = call.key.size();
  for (const auto& arg : call.args) out += arg.size();
  return out;
}

void Calls::submit(Call call, Completion done) {
  if (closed_) {
    if (done) done({.outcome = Outcome::cancelled, .value = {}, .detail = "the database is closed", .node = {}});
    return;
  }
  Pending added;
  added.refused = unfit(call);
  added.deadline = loop_.now() + call.deadline.value_or(settings_.call_deadline);
  added.facts.repeatable = call.repeatable || only_reads(call.args);
  added.partition = call.partition;
  if (!call.key.empty()) added.partition = partition_of_key(call.key, partitions_);
  bytes_ += bytes_of(call);
  added.call = std::move(call);
  added.done = std::move(done);
  const Id id = next_id_++;
  const auto entry = calls_.emplace(id, std::move(added)).first;
  if (entry->second.refused)
    return line_.later([this, id] {
      if (const auto at = calls_.find(id); at != calls_.end()) finish(at, Outcome::refused, {}, *at->second.refused);
    });
  deadlines_.emplace(entry->second.deadline, id);
  watch_deadlines();
  entry->second.stop = StopWatch(loop_, entry->second.call.stop, [this, id] { stop(id); });
  if (is_order(entry->second.call)) return give_order(id, entry->second);
  send_or_wait(entry);
}

/// Not for a node: it is carried out at any time, also when no node lives.
void Calls::give_order(Id id, Pending& call) {
  call.facts.maybe_done = true;
  line_.order(call.call.args, [this, id](const Value& reply) {
    const auto at = calls_.find(id);
    if (at == calls_.end()) return;
    finish(at, reply.kind == Value::Kind::error ? Outcome::error_reply : Outcome::ok, reply, {});
  });
}

// ---- Sending and waiting

/// Nothing: nobody is known who could answer.
std::optional<Endpoint> Calls::target(const Pending& call) const {
  if (call.partition) {
    const Endpoint* to = route_.target(*call.partition);
    return to ? std::optional(*to) : std::nullopt;
  }
  const auto& owners = route_.owners();
  const auto at = std::find_if(owners.begin(), owners.end(), [&](const Endpoint& owner) { return peers_.up(owner); });
  return at != owners.end() ? std::optional(*at) : std::nullopt;
}

void Calls::send_or_wait(Entry entry) {
  const auto to = target(entry->second);
  const auto connection = to ? peers_.connection(*to) : std::nullopt;
  if (connection && !waiting_in_.contains(entry->second.partition)) return send(entry, *to, *connection);
  wait(entry);
  if (connection) {
    dispatch_later(Duration(0));  // behind those that wait already
  } else {
    entry->second.redirects = 0;  // a loop is only what goes round without a pause
  }
}

void Calls::wait(Entry entry) {
  entry->second.sent = false;
  if (waiting_.insert(entry->first).second) ++waiting_in_[entry->second.partition];
}

void Calls::end_wait(Entry entry) {
  if (waiting_.erase(entry->first) == 0) return;
  const auto at = waiting_in_.find(entry->second.partition);
  if (--at->second == 0) waiting_in_.erase(at);
}

void Calls::send(Entry entry, const Endpoint& to, std::uint64_t connection) {
  Pending& call = entry->second;
  call.sent = true;
  call.sending = next_sending_++;
  call.at = to;
  call.facts.owner_failed = false;
  line_.call(to, call.call.args,
             [this, id = entry->first, sending = call.sending, connection](const std::optional<Value>& reply) {
               on_reply(id, sending, connection, reply);
             });
}

/// Sends what can be sent of the calls that wait, oldest first; a partition whose oldest call must wait on, waits on.
void Calls::dispatch() {
  dispatch_at_ = TimePoint::max();
  std::set<std::optional<Partition>> held;
  TimePoint next = TimePoint::max();
  for (const Id id : std::set(waiting_)) {
    const auto entry = calls_.find(id);
    Pending& call = entry->second;
    if (held.contains(call.partition)) continue;
    const bool later = call.not_before > loop_.now();
    if (later) next = std::min(next, call.not_before);
    const auto to = later ? std::nullopt : target(call);
    const auto connection = to ? peers_.connection(*to) : std::nullopt;
    if (!connection) {
      held.insert(call.partition);
      continue;
    }
    end_wait(entry);
    send(entry, *to, *connection);
  }
  if (next != TimePoint::max()) dispatch_later(next - loop_.now());
}

void Calls::dispatch_later(Duration delay) {
  const TimePoint at = loop_.now() + delay;
  if (at >= dispatch_at_) return;
  dispatch_at_ = at;
  dispatch_timer_ = Timer(loop_, delay, [this]() -> std::optional<Duration> {
    dispatch();
    return std::nullopt;
  });
}

// ---- Topologies and nodes

void Calls::apply(std::shared_ptr<const Topology> topology, const PartitionSet& marked) {
  const Route before = route_;
  route_.apply(std::move(topology));
  for (const Endpoint& owner : route_.owners()) peers_.connection(owner);
  for (auto entry = calls_.begin(); entry != calls_.end(); ++entry) {
    Pending& call = entry->second;
    call.not_before = {};  // what it waited for may be over
    const Endpoint* to = call.partition ? route_.target(*call.partition) : nullptr;
    if (!call.sent || !to || *to == call.at) continue;
    if (marked.find(*call.partition)) call.facts.owner_failed = true;
    const Endpoint* was = before.target(*call.partition);
    if ((was && *was == *to) || !call.facts.repeatable) continue;  // stays for its reply or its deadline
    call.facts.maybe_done = true;
    wait(entry);
  }
  dispatch();
}

void Calls::peer_down(const Endpoint& endpoint, bool again) {
  std::vector<Id> lost;
  for (const auto& [id, call] : calls_)
    if (call.sent && call.at == endpoint) lost.push_back(id);
  if (again) {
    raise(HintKind::refused, endpoint);
    route_.unreachable(endpoint);
  }
  for (const Id id : lost)
    if (const auto entry = calls_.find(id); entry != calls_.end()) on_lost(entry);
  if (!closed_) dispatch_later(Duration(0));
}

void Calls::raise(HintKind kind, const Endpoint& endpoint, std::optional<Partition> partition) {
  hints_.raise({.kind = kind, .node = route_.node_at(endpoint), .endpoint = endpoint, .partition = partition});
}

// ---- Replies

void Calls::on_reply(Id id, std::uint64_t sending, std::uint64_t connection, const std::optional<Value>& reply) {
  const auto entry = calls_.find(id);
  const bool awaited = entry != calls_.end() && entry->second.sent && entry->second.sending == sending;
  if (!awaited) return;  // it has ended, or was sent again elsewhere
  const Endpoint at = entry->second.at;
  if (!reply) {
    peers_.lost(at, connection);  // ends this call too, and all others on that connection
    if (const auto left = calls_.find(id); left != calls_.end() && left->second.sent && left->second.sending == sending)
      on_lost(left);
    return;
  }
  peers_.heard(at);
  if (reply->kind == Value::Kind::error) return on_error(entry, *reply);
  const Outcome outcome = after_success(entry->second.facts);
  finish(entry, outcome, *reply,
         outcome == Outcome::ok ? "" : "answered by a node that had lost the partition: the write may be gone");
}

void Calls::on_lost(Entry entry) {
  const auto outcome = after_loss(entry->second.facts);
  if (outcome)
    return finish(entry, *outcome, {},
                  "the connection to " + entry->second.at.text() + " was lost before the answer came");
  entry->second.facts.maybe_done = true;
  wait(entry);
  dispatch_later(Duration(0));
}

void Calls::on_error(Entry entry, const Value& error) {
  switch (classify(error.text)) {
    case ErrorAction::moved:
      return on_moved(entry, error);
    case ErrorAction::unavailable:
      raise(HintKind::unavailable, entry->second.at, entry->second.partition);
      return try_later(entry);
    case ErrorAction::give_back:
      return finish(entry, Outcome::error_reply, error, {});
  }
}

void Calls::on_moved(Entry entry, const Value& error) {
  Pending& call = entry->second;
  const auto redirect = parse_redirect(error.text);
  if (!redirect) return finish(entry, Outcome::error_reply, error, "a redirect that names no node");
  if (++call.redirects > settings_.max_redirects)
    return finish(
        entry, Outcome::error_reply, error,
        "redirected " + std::to_string(call.redirects) + " times in a row, the last time to " + redirect->to.text());
  call.partition = redirect->partition;  // the node has looked at the command itself
  if (redirect->to == call.at) return try_later(entry);
  if (route_.moved(redirect->partition, call.at, redirect->to))
    raise(HintKind::redirected, call.at, redirect->partition);
  call.sent = false;
  send_or_wait(entry);
}

void Calls::try_later(Entry entry) {
  const Duration pause = pause_before(entry->second.tries++, random_.next());
  entry->second.not_before = loop_.now() + pause;
  entry->second.redirects = 0;
  wait(entry);
  dispatch_later(pause);
}

// ---- The end of calls

void Calls::watch_deadlines() {
  if (deadlines_.empty() || deadlines_.begin()->first >= deadline_at_) return;
  deadline_at_ = deadlines_.begin()->first;
  deadline_timer_ = Timer(loop_, deadline_at_ - loop_.now(), [this]() -> std::optional<Duration> {
    deadline_at_ = TimePoint::max();
    end_expired();
    return std::nullopt;
  });
}

void Calls::end_expired() {
  while (!closed_ && !deadlines_.empty() && deadlines_.begin()->first <= loop_.now()) {
    const auto entry = calls_.find(deadlines_.begin()->second);
    Pending& call = entry->second;
    if (call.sent) call.facts.maybe_done = true;
    const auto to = call.sent ? std::optional(call.at) : is_order(call.call) ? std::nullopt : target(call);
    if (to) raise(HintKind::silent, *to, call.partition);
    call.at = to.value_or(Endpoint{});
    const Duration allowed = call.call.deadline.value_or(settings_.call_deadline);
    finish(entry, after_deadline(call.facts), {},
           "no answer within " + ms_text(allowed) + (to ? " from " + to->text() : ": nobody owns its partition"));
  }
  if (closed_) return;
  dispatch_later(Duration(0));  // some may have waited behind those that ended
  watch_deadlines();
}

void Calls::finish(Entry entry, Outcome outcome, Value value, std::string detail) {
  end_wait(entry);
  const Pending call = std::move(entry->second);
  deadlines_.erase({call.deadline, entry->first});
  bytes_ -= bytes_of(call.call);
  calls_.erase(entry);
  if (call.done)
    call.done({.outcome = outcome, .value = std::move(value), .detail = std::move(detail), .node = call.at});
}

void Calls::stop(Id id) {
  const auto entry = calls_.find(id);
  Pending& call = entry->second;
  if (call.sent) call.facts.maybe_done = true;
  finish(entry, after_close(call.facts), {}, "the caller stopped it");
  if (!closed_) dispatch_later(Duration(0));  // some may have waited behind it
}

void Calls::close() {
  if (std::exchange(closed_, true)) return;
  dispatch_timer_.reset();
  deadline_timer_.reset();
  while (!calls_.empty()) {
    const auto entry = calls_.begin();
    Pending& call = entry->second;
    if (call.refused) {
      finish(entry, Outcome::refused, {}, std::string(*call.refused));
      continue;
    }
    if (call.sent) call.facts.maybe_done = true;
    finish(entry, after_close(call.facts), {}, "the database was closed");
  }
}

}  // namespace dbha::memory
