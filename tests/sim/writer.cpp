#include "writer.hpp"

#include <algorithm>

namespace dbha::sim {
namespace {

constexpr Duration retry_after = std::chrono::milliseconds(50);

}  // namespace

Writer::Writer(Site& site, Random random, OwnData& data, Connections& connections, Duration pause,
               std::function<void()> done)
    : site_(site),
      random_(random),
      data_(data),
      connections_(connections),
      pause_(pause),
      done_(std::move(done)),
      under_way_(data.items.size()),
      wanted_(data.items.size()) {
  site_.clock.after(random_.between({}, pause_), life_.guard([this] { write_some(); }));
}

void Writer::write_some() {
  if (!site_.writes_go_on) return;
  const std::size_t item = random_.below(data_.items.size());
  if (!under_way_[item] && !wanted_[item]) write(item, ++data_.items[item].written);
  site_.clock.after(random_.between(pause_ / 2, pause_), life_.guard([this] { write_some(); }));
}

void Writer::write(std::size_t item, std::uint64_t token) {
  under_way_[item] = true;
  const auto& of = data_.items[item];
  connections_.set(of.key, of.partition, token, life_.guard([this, item, token](bool acknowledged) {
    under_way_[item] = false;
    on_written(item, token, acknowledged);
  }));
}

void Writer::on_written(std::size_t item, std::uint64_t token, bool acknowledged) {
  auto& of = data_.items[item];
  if (acknowledged && token == of.acknowledged) wanted_[item] = false;
  if (acknowledged) of.acknowledged = std::max(of.acknowledged, token);
  if (wanted_[item])
    site_.clock.after(acknowledged ? Duration(0) : retry_after, life_.guard([this, item] { again(item); }));
  finish_if_done();
}

void Writer::begin(const PartitionSet& partitions) {
  handling_ = true;
  for (std::size_t i = 0; i < data_.items.size(); ++i) {
    if (data_.items[i].acknowledged == 0 || !partitions.find(data_.items[i].partition)) continue;
    wanted_[i] = true;
    if (!under_way_[i]) again(i);
  }
  // Later than this call, as a thread of its own would be.
  site_.clock.after(Duration(0), life_.guard([this] { finish_if_done(); }));
}

void Writer::again(std::size_t item) {
  if (wanted_[item] && !under_way_[item]) write(item, data_.items[item].acknowledged);
}

void Writer::finish_if_done() {
  if (!handling_ || std::any_of(wanted_.begin(), wanted_.end(), [](char w) { return w; })) return;
  handling_ = false;
  done_();
}

}  // namespace dbha::sim
