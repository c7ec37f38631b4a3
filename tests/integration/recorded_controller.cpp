#include "recorded_controller.hpp"

#include "lab/slots.hpp"
#include "topology/ranges.hpp"

namespace dbha::test {

std::string line_of(const DbRestart& event) {
  const auto partitions = text_of(event.partitions);
  switch (event.cause) {
    case Cause::start:
      return "start " + partitions;
    case Cause::restart:
      return restart_line(partitions, event.new_primary.value);
    default:
      return text_of(event.cause) + (' ' + partitions) + " from " + event.old_primary.value + " to " +
             event.new_primary.value;
  }
}

std::string failover_line(const std::string& partitions, const std::string& from, const std::string& to) {
  return "failover " + partitions + " from " + from + " to " + to;
}

std::string restart_line(const std::string& partitions, const std::string& of) {
  return "restart " + partitions + " of " + of;
}

RecordedController::RecordedController(const std::filesystem::path& config) : controller_(Controller::open(config)) {
  subscriptions_.push_back(
      controller_->on("dbrestart", [this](const Event& event) { return on_restart(std::get<DbRestart>(event)); }));
  // Told after the first one, which must by then find everything in place.
  subscriptions_.push_back(controller_->on(
      "dbrestart", [](const Event&) { return true; }, "another"));
  for (const char* name : {"topology_changed", "view_stale", "view_fresh"})
    subscriptions_.push_back(controller_->on(name, [this](const Event& event) { return on_other(event), true; }));
}

Duration RecordedController::stale_age() const {
  return copy(stale_age_);
}

bool RecordedController::on_restart(const DbRestart& event) {
  for (const auto& entry : event.partitions) check(event, entry.range);
  add(restarts_, line_of(event));
  return true;
}

/// As an application would use the event: look up who owns the data now, and write it there again.
void RecordedController::check(const DbRestart& event, PartitionRange range) {
  const auto topology = controller_->topology();
  const Node* owner = topology ? topology->owner(range.first) : nullptr;
  if (!owner || (!event.new_primary.empty() && owner->id != event.new_primary))
    return add(broken_promises_, line_of(event) + ": topology() says " + (owner ? owner->id.value : "nobody"));
  const std::string key = lab::key_in(static_cast<int>(range.first.value), static_cast<int>(range.last.value), 7);
  Call write;
  write.key = key;
  write.args = {"SET", key, "written in the handler"};
  write.repeatable = true;
  const Result result = controller_->call(std::move(write)).get();
  if (!result.ok()) add(broken_promises_, line_of(event) + ": SET failed: " + result.detail + result.value.text);
}

void RecordedController::on_other(const Event& event) {
  add(names_, name_of(event));
  const auto* stale = std::get_if<ViewStale>(&event);
  const std::lock_guard lock(mutex_);
  if (stale && stale_age_ == Duration{}) stale_age_ = stale->age;
}

}  // namespace dbha::test
