#include "model/cluster.hpp"

#include "model/world.hpp"

namespace dbha::memory {

class Cluster::Model : public World {
 public:
  using World::World;
};

Cluster::Cluster(Clock& clock, ClusterSettings settings) : model_(std::make_unique<Model>(clock, settings)) {}
Cluster::~Cluster() = default;

void Cluster::ask(const Endpoint& endpoint, const std::function<void(std::optional<View>)>& answer) {
  model_->ask(endpoint, answer);
}
void Cluster::call(const Endpoint& endpoint, std::vector<std::string> args,
                   const std::function<void(std::optional<Value>)>& answer) {
  model_->call(endpoint, std::move(args), answer);
}
Cluster::ObserverId Cluster::observe(Observer observer) {
  return model_->observe(std::move(observer));
}
void Cluster::forget(ObserverId id) {
  model_->forget(id);
}
Partition Cluster::partition_of(std::string_view key) const {
  return model_->partition_of(key);
}

std::size_t Cluster::size() const {
  return model_->size();
}
const NodeId& Cluster::id(std::size_t node) const {
  return model_->node(node).id;
}
const Endpoint& Cluster::endpoint(std::size_t node) const {
  return model_->node(node).endpoint;
}

void Cluster::kill(std::size_t node) {
  model_->kill(node);
}
void Cluster::start(std::size_t node) {
  model_->start(node);
}
void Cluster::stop(std::size_t node) {
  model_->stop(node);
}
void Cluster::resume(std::size_t node) {
  model_->resume(node);
}
void Cluster::restart_in_place(std::size_t node, Duration down_for) {
  model_->restart_in_place(node, down_for);
}
void Cluster::failover(std::size_t replica, FailoverMode mode) {
  model_->failover(replica, mode);
}
void Cluster::move(PartitionRange range, std::size_t from, std::size_t to, Duration pace) {
  model_->move(range, from, to, pace);
}
void Cluster::isolate(const std::set<std::size_t>& nodes) {
  model_->isolate(nodes);
}
void Cluster::hide(const std::set<std::size_t>& nodes) {
  model_->hide(nodes);
}
void Cluster::freeze_view(std::size_t node) {
  model_->freeze_view(node);
}
void Cluster::thaw_view(std::size_t node) {
  model_->thaw_view(node);
}
std::size_t Cluster::add_node() {
  return model_->add_node();
}
void Cluster::replicate(std::size_t node, std::size_t primary) {
  model_->replicate(node, primary);
}
void Cluster::remove(std::size_t node) {
  model_->remove(node);
}
void Cluster::raise_epoch(std::size_t node) {
  model_->raise_epoch(node);
}
void Cluster::disown(std::size_t node) {
  model_->disown(node);
}
void Cluster::reset(std::size_t node) {
  model_->reset(node);
}
void Cluster::readdress(std::size_t node) {
  model_->readdress(node);
}
void Cluster::rebuild() {
  model_->rebuild();
}
void Cluster::del_partitions(PartitionRange range) {
  model_->del_partitions(range);
}
void Cluster::add_partitions(PartitionRange range, std::size_t to) {
  model_->add_partitions(range, to);
}

const ClusterSettings& Cluster::settings() const {
  return model_->settings();
}
bool Cluster::removed(std::size_t node) const {
  return model_->node(node).removed;
}
NodeState Cluster::state(std::size_t node) const {
  return model_->node(node).state;
}
Role Cluster::role(std::size_t node) const {
  return model_->node(node).picture.find(static_cast<Index>(node))->role;
}
std::optional<std::size_t> Cluster::primary_of(std::size_t node) const {
  const Known& known = *model_->node(node).picture.find(static_cast<Index>(node));
  return known.role == Role::replica ? std::optional<std::size_t>(known.primary) : std::nullopt;
}
const RunId& Cluster::run_id(std::size_t node) const {
  return model_->node(node).run_id;
}
const ReplId& Cluster::replid(std::size_t node) const {
  return model_->node(node).replid;
}
Epoch Cluster::current_epoch(std::size_t node) const {
  return model_->node(node).picture.current_epoch;
}
std::optional<std::size_t> Cluster::owner(Partition partition) const {
  return model_->owner(partition);
}
std::vector<PartitionRange> Cluster::owned_by(std::size_t node) const {
  return ranges_of(model_->node(node).picture.owned_by(static_cast<Index>(node)));
}
bool Cluster::in_sync(std::size_t replica) const {
  return model_->in_sync(replica);
}
bool Cluster::promoted(std::size_t node) const {
  return model_->promoted(node);
}
bool Cluster::agreed() const {
  return model_->agreed();
}
const std::vector<TrueChange>& Cluster::changes() const {
  return model_->changes();
}
std::optional<std::string> Cluster::value_at(std::size_t node, const std::string& key) const {
  return model_->value_at(node, key);
}

}  // namespace dbha::memory
