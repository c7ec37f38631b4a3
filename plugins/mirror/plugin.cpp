/// The plugin `mirror`: a local store of entries that is the source of truth for its tables, and brings the database up
/// to it.

#include <memory>

#include <dbha/error.hpp>
#include <dbha/plugin.hpp>

#include "mirror/local_mirror.hpp"
#include "mirror/resync.hpp"
#include "mirror/settings.hpp"

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

  bool handle(const Event& event) override {
    const auto* restart = std::get_if<DbRestart>(&event);
    return !restart || restart->loss == Loss::none || resync_.run(*restart);
  }
  void on_accepted(const Event& event) override { resync_.accepted(event); }
  void stop() override {
    resync_.stop();
    mirror_.stop();
  }
  std::optional<Progress> progress() const override { return resync_.progress(); }
  std::string trouble() const override { return mirror_.trouble(); }
  Mirror* mirror() override { return &mirror_; }

 private:
  MirrorHandler(const ConsistencyContext& context, const Settings& settings, VersionedStore& database)
      : mirror_(settings, context.log, context.host, database),
        resync_(mirror_, database, {.rate = settings.rate}, context.log) {}

  LocalMirror mirror_;
  Resync resync_;
};

ConsistencyHandler* create(const ConsistencyContext& context) {
  return std::make_unique<MirrorHandler>(context).release();
}

}  // namespace
}  // namespace dbha::mirror

DBHA_PLUGIN(dbha::PluginKind::consistency, "mirror",
            "keeps entries in a store of its own and brings the database up to it", dbha::mirror::option_specs,
            dbha::mirror::create);
