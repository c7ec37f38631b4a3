/// The plugin `mirror`: a local store of entries that is the source of truth for its tables, and brings the database up
/// to it; or that is a cache of what the database has.

#include <memory>

#include <dbha/error.hpp>
#include <dbha/plugin.hpp>

#include "mirror/hearing.hpp"
#include "mirror/local_mirror.hpp"
#include "mirror/resync.hpp"
#include "mirror/settings.hpp"
#include "mirror/upkeep.hpp"
#include "mirror/verification.hpp"

namespace dbha::mirror {
namespace {

VersionedStore& database_of(const ConsistencyContext& context) {
  if (VersionedStore* store = context.host.versioned_store()) return *store;
  throw ConfigError(
      context.options.where("tables") +
      ": expected a backend with versioned entries, which a mirror writes; the one in [backend] has none");
}

class MirrorHandler final : public ConsistencyHandler {
 public:
  explicit MirrorHandler(const ConsistencyContext& context)
      : MirrorHandler(context, read_settings(context), database_of(context)) {}
  ~MirrorHandler() override { stop(); }

  /// Without them a resync goes on though nothing was lost, and a cache stays behind though messages were.
  std::vector<std::string> events() const override { return {"dbrestart", "loss_known", "subscription_interrupted"}; }
  bool handle(const Event& event) override {
    const auto* restart = std::get_if<DbRestart>(&event);
    if (!restart || restart->loss == Loss::none) return true;
    return (!mirror_.settings().resync && restart->cause != Cause::manual) || resync_.run(*restart);
  }
  void on_accepted(const Event& event) override {
    resync_.accepted(event);
    const auto* gap = std::get_if<SubscriptionInterrupted>(&event);
    if (gap && hearing_ && hearing_->concerns(gap->channels)) upkeep_->missed();
  }
  void stop() override {
    if (upkeep_) upkeep_->stop();
    resync_.stop();
    mirror_.stop();
    if (upkeep_) upkeep_->end();  // the database that its thread asks may go before this does
  }
  std::optional<Progress> progress() const override { return resync_.progress(); }
  std::string trouble() const override {
    const auto store = mirror_.trouble();
    return store.empty() ? resync_.trouble() : store;
  }
  Mirror* mirror() override { return &mirror_; }
  Verifier* verifier() override { return &verification_; }

 private:
  MirrorHandler(const ConsistencyContext& context, const Settings& settings, VersionedStore& database)
      : mirror_(settings, context.log, context.host, database),
        resync_(mirror_, database, {.rate = settings.rate}, context.log),
        verification_(mirror_, database, {.rate = settings.rate}, context.log) {
    const bool cache = settings.direction == Direction::pull;
    if (!cache && settings.owned.empty()) return;
    upkeep_ = std::make_unique<Upkeep>(mirror_, resync_, context.host, context.log);
    if (cache)
      hearing_ = std::make_unique<Hearing>(
          mirror_, context.host, database, [this] { upkeep_->missed(); }, context.log);
    upkeep_->start([this] { return !hearing_ || hearing_->listens(); });
  }

  LocalMirror mirror_;
  Resync resync_;
  Verification verification_;
  std::unique_ptr<Upkeep> upkeep_;    // of a cache, and of who owns tables
  std::unique_ptr<Hearing> hearing_;  // tells the upkeep, whose thread, which asks it, ends before it
};

ConsistencyHandler* create(const ConsistencyContext& context) {
  return std::make_unique<MirrorHandler>(context).release();
}

}  // namespace
}  // namespace dbha::mirror

DBHA_PLUGIN(dbha::PluginKind::consistency, "mirror",
            "keeps entries in a store of its own and brings the database up to it", dbha::mirror::option_specs,
            dbha::mirror::create);
