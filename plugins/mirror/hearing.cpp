#include "mirror/hearing.hpp"

#include <algorithm>
#include <utility>

#include "mirror/announcement.hpp"

namespace dbha::mirror {

/// Channels are subscribed in the order of their names when a connection is made: the own one comes last.
Hearing::Hearing(LocalMirror& mirror, ConsistencyHost& host, VersionedStore& database, std::function<void()> missed,
                 Log& log)
    : mirror_(mirror),
      host_(host),
      database_(database),
      missed_(std::move(missed)),
      log_(log),
      own_channel_("dbha~" + mirror.settings().process + '/' + mirror.settings().handler),
      self_(std::make_shared<Self>()) {
  self_->hearing = this;
  for (const auto& table : mirror.settings().tables)
    host_.subscribe(channel_of(table), [self = self_, table](const std::string&, const std::string& message) {
      with(self, [&](Hearing& hearing) { hearing.on_message(table, message); });
    });
  host_.subscribe(own_channel_, [self = self_](const std::string&, const std::string&) {
    with(self, [](Hearing& hearing) { hearing.listens_ = true; });
  });
}

Hearing::~Hearing() {
  for (const auto& table : mirror_.settings().tables) host_.unsubscribe(channel_of(table));
  host_.unsubscribe(own_channel_);
  const std::lock_guard lock(self_->mutex);
  self_->hearing = nullptr;
}

bool Hearing::listens() {
  if (!listens_) host_.publish(own_channel_, "", [](const Result&) {});
  return listens_;
}

bool Hearing::concerns(const std::vector<std::string>& channels) const {
  const auto& tables = mirror_.settings().tables;
  return std::any_of(tables.begin(), tables.end(), [&](const auto& table) {
    return std::find(channels.begin(), channels.end(), channel_of(table)) != channels.end();
  });
}

void Hearing::on_message(const std::string& table, const std::string& message) {
  auto records = read_records(table, message);
  if (!records) {
    if (!std::exchange(misread_, true)) log_.warning("mirror_announcement_malformed", {{"table", table}});
    return missed_();
  }
  std::vector<Entry> whole;
  for (auto& [entry, complete] : *records) {
    if (!mirror_.settings().lists(entry.name)) continue;
    if (complete) {
      whole.push_back(std::move(entry));
    } else {
      read(entry.name);
    }
  }
  if (!mirror_.hear(std::move(whole))) missed_();
}

void Hearing::read(const EntryName& name) {
  database_.get(
      name,
      [self = self_](StoreResult result) {
        with(self, [&](Hearing& hearing) {
          if (!result.ok() || (result.entry && !hearing.mirror_.hear({std::move(*result.entry)}))) hearing.missed_();
        });
      },
      std::nullopt);
}

}  // namespace dbha::mirror
