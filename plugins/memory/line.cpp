#include "memory/line.hpp"

#include "memory/order.hpp"

namespace dbha::memory {
namespace {

bool synced(const Cluster& cluster, const Endpoint& endpoint) {
  for (std::size_t i = 0; i < cluster.size(); ++i)
    if (cluster.endpoint(i) == endpoint) return cluster.in_sync(i);
  return false;
}

}  // namespace

Line::Line(std::shared_ptr<Server> server, EventLoop& loop)
    : server_(std::move(server)), mailbox_(std::make_shared<Mailbox>(loop)) {}

void Line::ask(const Endpoint& endpoint, const std::string& process,
               const std::function<void(std::optional<Answer>)>& answer) {
  server_->post([=, mailbox = mailbox_](Server::Room& room) {
    ++room.asked[process];
    room.cluster.ask(endpoint, [=, &cluster = room.cluster](std::optional<View> view) {
      std::optional<Answer> said;
      if (view) said = Answer{std::move(*view), synced(cluster, endpoint)};
      mailbox->deliver([answer, said = std::move(said)] { answer(said); });
    });
  });
}

void Line::call(const Endpoint& endpoint, std::vector<std::string> args,
                const std::function<void(std::optional<Value>)>& answer) {
  server_->post([=, args = std::move(args), mailbox = mailbox_](Server::Room& room) {
    room.cluster.call(endpoint, args, [=](std::optional<Value> value) {
      mailbox->deliver([answer, value = std::move(value)] { answer(value); });
    });
  });
}

void Line::order(std::vector<std::string> args, const std::function<void(Value)>& answer) {
  server_->post([answer, args = std::move(args), mailbox = mailbox_](Server::Room& room) {
    mailbox->deliver([answer, value = carry_out(args, room.cluster, room.asked)] { answer(value); });
  });
}

void Line::observe(Cluster::Observer observer) {
  const auto kept = std::make_shared<const Cluster::Observer>(std::move(observer));
  server_->post([kept, id = observer_, mailbox = mailbox_](Server::Room& room) {
    const auto told = [=](const auto& what) {
      return [=](const auto&... news) {
        if (what) mailbox->deliver([kept, what, news...] { what(news...); });
      };
    };
    *id = room.cluster.observe({told(kept->lost), told(kept->demoted), told(kept->message)});
  });
}

void Line::close() {
  if (!std::exchange(open_, false)) return;
  mailbox_->close();
  server_->post([id = observer_](Server::Room& room) { room.cluster.forget(*id); });
}

}  // namespace dbha::memory
