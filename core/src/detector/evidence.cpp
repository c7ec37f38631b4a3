#include "detector/evidence.hpp"

#include <algorithm>
#include <tuple>

namespace dbha {
namespace {

std::size_t hash_of(const Chart& chart) {
  std::size_t out = chart.nodes.size();
  for (const auto& report : chart.nodes)
    out = out * 31 + std::hash<std::string>()(report.id.value) + report.epoch.value + 7 * report.owns.size();
  return out;
}

}  // namespace

const View* Evidence::of(const NodeId& id) const {
  auto it = views.find(id);
  return it == views.end() ? nullptr : it->second;
}

bool Evidence::serves(const NodeId& id) const {
  const View* view = of(id);
  auto word = words.find(id);
  return view && view->role == Role::primary && word != words.end() && word->second.ok;
}

bool Evidence::answering_primary(const NodeId& id) const {
  const View* view = of(id);
  return view && view->role == Role::primary && !self_report(*view).owns.empty();
}

const NodeReport* report_on(const View& view, const NodeId& id) {
  auto it = std::find_if(view.nodes.begin(), view.nodes.end(), [&](const NodeReport& r) { return r.id == id; });
  return it == view.nodes.end() ? nullptr : &*it;
}

const NodeReport& self_report(const View& view) {
  static const NodeReport unknown;
  const NodeReport* report = report_on(view, view.node);
  return report ? *report : unknown;  // a validated view names itself
}

bool claims(const View& own, Partition p) {
  const auto& owns = self_report(own).owns;
  return std::any_of(owns.begin(), owns.end(), [&](PartitionRange r) { return r.contains(p); });
}

PartitionMap<Claim> claims_in(const View& view) {
  std::vector<std::pair<PartitionRange, Claim>> ranges;
  for (const auto& report : view.nodes)
    for (const auto range : report.owns) ranges.emplace_back(range, Claim{report.epoch, 0, report.id});
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  PartitionMap<Claim> out;
  for (auto& [range, claim] : ranges) out.set(range, std::move(claim));
  return out;
}

const NodeReport* Chart::report_on(const NodeId& id) const {
  auto it = std::lower_bound(nodes.begin(), nodes.end(), id,
                             [](const NodeReport& r, const NodeId& sought) { return r.id < sought; });
  return it != nodes.end() && it->id == id ? &*it : nullptr;
}

std::shared_ptr<const Chart> chart_of(const View& view) {
  auto out = std::make_shared<Chart>();
  out->nodes = view.nodes;
  for (auto& report : out->nodes) report.failing = false;  // an opinion of the moment, which nothing is decided by
  std::sort(out->nodes.begin(), out->nodes.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  out->claims = claims_in(view);
  return out;
}

std::vector<Saying> sayings_of(const Evidence& evidence) {
  std::vector<Saying> out;
  std::map<const Chart*, std::size_t> places;
  for (const auto& [id, view] : evidence.views) {
    auto held = evidence.charts.find(id);
    auto chart = held != evidence.charts.end() ? held->second : chart_of(*view);
    const auto [place, first] = places.try_emplace(chart.get(), out.size());
    if (first) out.push_back({std::move(chart), {}});
    out[place->second].by.push_back(id);
  }
  return out;
}

bool same_content(const View& a, const View& b) {
  const auto content = [](const View& v) {
    return std::tie(v.endpoint, v.role, v.ok, v.current_epoch, v.run_id, v.replid, v.previous_replid, v.nodes);
  };
  return content(a) == content(b);
}

bool Observations::take(View view) {
  Said& said = nodes_[view.node];
  if (said.view && said.view->asked > view.asked) return false;
  const bool same = said.view && same_content(*said.view, view);
  const bool news = !same || said.word.ok != view.ok || said.word.current_epoch != view.current_epoch;
  if (said.word.asked <= view.asked) said.word = {view.asked, view.ok, view.current_epoch};
  said.heard = std::max(said.heard, view.asked);
  if (!same) said.chart = shared_chart(view);
  said.view = std::move(view);
  return news;
}

bool Observations::take(const EpochAnswer& answer) {
  if (answer.node.empty()) return false;
  Said& said = nodes_[answer.node];
  if (said.word.asked > answer.asked) return false;
  const bool news = said.word.ok != answer.ok || said.word.current_epoch != answer.current_epoch;
  const bool told_before = said.known_nodes != 0;
  const bool other = said.own_epoch != answer.own_epoch || said.known_nodes != answer.known_nodes;
  if (news || (told_before && other)) said.changed = answer.asked;
  said.own_epoch = answer.own_epoch;
  said.known_nodes = answer.known_nodes;
  said.word = {answer.asked, answer.ok, answer.current_epoch};
  said.heard = std::max(said.heard, answer.asked);
  return news;
}

void Observations::heard(const NodeId& node, TimePoint asked) {
  auto it = nodes_.find(node);
  if (it != nodes_.end()) it->second.heard = std::max(it->second.heard, asked);
}

bool Observations::outdated(const NodeId& node) const {
  auto it = nodes_.find(node);
  if (it == nodes_.end() || !it->second.view) return false;
  const Said& said = it->second;
  const bool claims_more = said.word.asked > said.view->asked && said.view->role == Role::primary &&
                           said.own_epoch > self_report(*said.view).epoch;
  return claims_more || said.changed > said.view->asked;
}

Evidence Observations::fresh(const Freshness& since) const {
  Evidence out;
  for (const auto& [id, said] : nodes_) {
    if (said.word.asked >= since.words) out.words[id] = said.word;
    if (!said.view || said.heard < since.words) continue;
    if (said.view->asked < (said.view->role == Role::primary ? since.views : since.replica_views)) continue;
    out.views[id] = &*said.view;
    out.charts[id] = said.chart;
  }
  return out;
}

std::shared_ptr<const Chart> Observations::shared_chart(const View& view) {
  auto chart = chart_of(view);
  const std::size_t hash = hash_of(*chart);
  std::erase_if(charts_, [](const auto& entry) { return entry.second.expired(); });
  const auto [first, last] = charts_.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (auto known = it->second.lock(); known && known->nodes == chart->nodes) return known;
  charts_.emplace(hash, chart);
  return chart;
}

const View* Observations::latest(const NodeId& id) const {
  auto it = nodes_.find(id);
  return it != nodes_.end() && it->second.view ? &*it->second.view : nullptr;
}

}  // namespace dbha
