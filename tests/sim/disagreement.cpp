#include "disagreement.hpp"

#include <algorithm>

#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha::sim {
namespace {

std::string text_of(const NodeReport& report) {
  PartitionSet owns;
  for (const auto range : report.owns) owns.set(range, {});
  return std::string(dbha::text_of(report.role)) +
         (report.role == Role::replica ? " of " + short_id(report.primary)
                                       : " @" + std::to_string(report.epoch.value) + " of " + dbha::text_of(owns)) +
         (report.failing ? " failing" : "");
}

const NodeReport* report_in(const View& view, const NodeId& id) {
  const auto found = std::find_if(view.nodes.begin(), view.nodes.end(), [&](const auto& r) { return r.id == id; });
  return found == view.nodes.end() ? nullptr : &*found;
}

std::vector<View> views_of(Site& site) {
  const auto out = std::make_shared<std::vector<View>>();
  for (std::size_t n = 0; n < site.cluster.size(); ++n)
    site.cluster.ask(site.cluster.endpoint(n), [out](std::optional<View> view) {
      if (view) out->push_back(std::move(*view));
    });
  const TimePoint until = site.clock.now() + std::chrono::seconds(1);
  while (site.clock.step(until)) {
  }
  return *out;
}

PartitionMap<NodeId> owners_in(const View& view) {
  PartitionMap<NodeId> out;
  for (const auto& report : view.nodes)
    for (const auto range : report.owns) out.set(range, report.id);
  return out;
}

PartitionSet disputed(const std::vector<View>& views) {
  PartitionSet out;
  for (const auto& view : views)
    walk(owners_in(views.front()), owners_in(view), [&](PartitionRange piece, const NodeId* one, const NodeId* other) {
      if (!one || !other || *one != *other) out.set(piece, {});
    });
  return out;
}

}  // namespace

Disagreement disagreement(Site& site) {
  std::string out = "the nodes do not agree";
  const auto views = views_of(site);
  for (const auto& about : views) {
    const NodeReport* self = report_in(about, about.node);
    if (!about.ok) out += "; " + short_id(about.node) + " does not serve";
    for (const auto& view : views) {
      const NodeReport* said = report_in(view, about.node);
      if (!self || (said && text_of(*said) == text_of(*self))) continue;
      out += "; " + short_id(view.node) + " says of " + short_id(about.node) + ": " +
             (said ? text_of(*said) : "unknown") + ", itself " + text_of(*self);
    }
  }
  for (std::size_t n = 0; n < site.cluster.size(); ++n)
    if (site.cluster.role(n) == Role::replica && !site.cluster.in_sync(n))
      out += "; " + short_id(site.cluster.id(n)) + " is not in sync";
  return {std::move(out), disputed(views)};
}

}  // namespace dbha::sim
