#include "detector/evidence.hpp"

#include <algorithm>
#include <tuple>

namespace dbha {

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

PartitionMap<Claim> claims_in(const View& view) {
  std::vector<std::pair<PartitionRange, Claim>> ranges;
  for (const auto& report : view.nodes)
    for (const auto range : report.owns) ranges.emplace_back(range, Claim{report.epoch, 0, report.id});
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  PartitionMap<Claim> out;
  for (auto& [range, claim] : ranges) out.set(range, std::move(claim));
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
  const bool news = !said.view || !same_content(*said.view, view) || said.word.ok != view.ok ||
                    said.word.current_epoch != view.current_epoch;
  if (said.word.asked <= view.asked) said.word = {view.asked, view.ok, view.current_epoch};
  said.view = std::move(view);
  return news;
}

bool Observations::take(const EpochAnswer& answer) {
  if (answer.node.empty()) return false;
  Said& said = nodes_[answer.node];
  if (said.word.asked > answer.asked) return false;
  const bool news = said.word.ok != answer.ok || said.word.current_epoch != answer.current_epoch;
  said.word = {answer.asked, answer.ok, answer.current_epoch};
  return news;
}

Evidence Observations::fresh(TimePoint since) const {
  Evidence out;
  for (const auto& [id, said] : nodes_) {
    if (said.view && said.view->asked >= since) out.views[id] = &*said.view;
    if (said.word.asked >= since) out.words[id] = said.word;
  }
  return out;
}

const View* Observations::latest(const NodeId& id) const {
  auto it = nodes_.find(id);
  return it != nodes_.end() && it->second.view ? &*it->second.view : nullptr;
}

}  // namespace dbha
