#pragma once
/// A VersionedStore for any thread.

#include <utility>

#include <dbha/event_loop.hpp>
#include <dbha/versioned_store.hpp>

namespace dbha {

/// Hands each operation to the store on its loop thread. Both outlive it.
class PostedStore final : public VersionedStore {
 public:
  PostedStore(VersionedStore& store, EventLoop& loop) : store_(store), loop_(loop) {}

  Partition partition_of(const EntryName& name) const override { return store_.partition_of(name); }
  void get(EntryName name, Done done, std::optional<Duration> deadline) override {
    loop_.post([=, this, name = std::move(name), done = std::move(done)]() mutable {
      store_.get(std::move(name), std::move(done), deadline);
    });
  }
  void put(EntryName name, std::string value, std::uint64_t version, Done done,
           std::optional<Duration> deadline) override {
    loop_.post([=, this, name = std::move(name), value = std::move(value), done = std::move(done)]() mutable {
      store_.put(std::move(name), std::move(value), version, std::move(done), deadline);
    });
  }
  void create(EntryName name, std::string value, std::uint64_t version, Done done,
              std::optional<Duration> deadline) override {
    loop_.post([=, this, name = std::move(name), value = std::move(value), done = std::move(done)]() mutable {
      store_.create(std::move(name), std::move(value), version, std::move(done), deadline);
    });
  }
  void remove(EntryName name, std::uint64_t version, Done done, std::optional<Duration> deadline) override {
    loop_.post([=, this, name = std::move(name), done = std::move(done)]() mutable {
      store_.remove(std::move(name), version, std::move(done), deadline);
    });
  }
  void scan(ScanRange range, Page page, Done done, std::optional<Duration> deadline) override {
    loop_.post([=, this, range = std::move(range), page = std::move(page), done = std::move(done)]() mutable {
      store_.scan(std::move(range), std::move(page), std::move(done), deadline);
    });
  }
  /// `next` may be called on any thread here.
  void scan_paced(ScanRange range, PacedPage page, Done done, std::optional<Duration> deadline) override {
    loop_.post([=, this, range = std::move(range), page = std::move(page), done = std::move(done)]() mutable {
      auto posted = [this, page = std::move(page)](std::vector<Entry> entries, std::function<void()> next) {
        page(std::move(entries), [this, next = std::move(next)]() mutable { loop_.post(std::move(next)); });
      };
      store_.scan_paced(std::move(range), std::move(posted), std::move(done), deadline);
    });
  }
  void look(std::vector<EntryName> names, BatchDone done, std::optional<Duration> deadline) override {
    loop_.post([=, this, names = std::move(names), done = std::move(done)]() mutable {
      store_.look(std::move(names), std::move(done), deadline);
    });
  }
  void write_all(std::vector<Entry> entries, BatchDone done, std::optional<Duration> deadline) override {
    loop_.post([=, this, entries = std::move(entries), done = std::move(done)]() mutable {
      store_.write_all(std::move(entries), std::move(done), deadline);
    });
  }
  void next_number(const std::string& table, std::uint64_t floor, Done done,
                   std::optional<Duration> deadline) override {
    loop_.post(
        [=, this, done = std::move(done)]() mutable { store_.next_number(table, floor, std::move(done), deadline); });
  }

 private:
  VersionedStore& store_;
  EventLoop& loop_;
};

}  // namespace dbha
