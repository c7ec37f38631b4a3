// A backend of a database that is never reached: the least that a plugin outside the tree has to be.
#include <dbha/plugin.hpp>

namespace {

class Source final : public dbha::TopologySource {
 public:
  Source(dbha::EventLoop& loop, dbha::TopologySourceListener& listener) : loop_(loop), listener_(listener) {}
  void set_endpoints(const std::vector<dbha::Endpoint>&) override {}
  void ask(const dbha::Endpoint& endpoint, dbha::Question question) override {
    loop_.post([this, endpoint, question, asked = loop_.now()] { listener_.on_no_answer(endpoint, question, asked); });
  }

 private:
  dbha::EventLoop& loop_;
  dbha::TopologySourceListener& listener_;
};

class Database final : public dbha::Database {
 public:
  explicit Database(dbha::EventLoop& loop) : loop_(loop) {}
  void apply(std::shared_ptr<const dbha::Topology>, const dbha::PartitionSet&,
             std::function<void(dbha::Applied)> done) override {
    loop_.post([done = std::move(done)] { done({.complete = true, .missing = {}}); });
  }
  void submit(dbha::Call, dbha::Completion done) override {
    loop_.post([done = std::move(done)] {
      done({.outcome = dbha::Outcome::refused, .value = {}, .detail = "no database", .node = {}});
    });
  }
  void publish(std::string, std::string, dbha::Completion done) override { submit({}, std::move(done)); }
  void subscribe(std::string, MessageHandler) override {}
  void unsubscribe(const std::string&) override {}
  void close() override {}

 private:
  dbha::EventLoop& loop_;
};

class Outside final : public dbha::Backend {
 public:
  explicit Outside(const dbha::PluginContext& context) : context_(context) {
    context.log.info("outside", {{"greeting", context.options.text("greeting")}});
  }
  dbha::BackendTraits traits() const override { return {1, dbha::Voters::owners}; }
  std::vector<dbha::Endpoint> seeds() const override { return {}; }
  dbha::Partition partition_of(std::string_view) const override { return {0}; }
  dbha::QuestionCost cost(dbha::Question, std::size_t) const override { return {1, 1}; }
  std::unique_ptr<dbha::TopologySource> open_source(dbha::TopologySourceListener& listener, dbha::Duration) override {
    return std::make_unique<Source>(context_.loop, listener);
  }
  std::unique_ptr<dbha::Database> open_database(dbha::DatabaseListener&, const dbha::DatabaseSettings&) override {
    return std::make_unique<Database>(context_.loop);
  }

 private:
  const dbha::PluginContext& context_;
};

dbha::Backend* create(const dbha::PluginContext& context) {
  return new Outside(context);
}

constexpr dbha::OptionSpec options[] = {{"greeting", dbha::OptionType::text, nullptr, "what it says in the log"}};

}  // namespace

DBHA_PLUGIN(dbha::PluginKind::backend, "outside", "a backend from outside the tree", options, create);
