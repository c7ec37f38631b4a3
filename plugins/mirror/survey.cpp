#include "mirror/survey.hpp"

#include "mirror/inquiry.hpp"

namespace dbha::mirror {

/// What has come and is not visited holds the scan, which holds where it comes to.
class Survey::Leaving {
 public:
  explicit Leaving(Pages& pages) : pages_(pages) {}
  ~Leaving() {
    std::deque<Page> come;
    const std::lock_guard lock(pages_.mutex);
    pages_.left = true;
    come.swap(pages_.come);
  }
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;

 private:
  Pages& pages_;
};

StoreResult Survey::scan(ScanRange range, const Visit& visit, Duration deadline) {
  const auto pages = std::make_shared<Pages>();
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) throw Inquiry::Stopped{};
    pages_ = pages;
  }
  const Leaving leaving(*pages);
  auto on_page = [pages](std::vector<Entry> entries, std::function<void()> next) {
    const std::lock_guard lock(pages->mutex);
    if (pages->left) return;
    pages->come.push_back({std::move(entries), std::move(next)});
    pages->changed.notify_all();
  };
  auto on_end = [pages](StoreResult result) {
    const std::lock_guard lock(pages->mutex);
    pages->end = std::move(result);
    pages->changed.notify_all();
  };
  database_.scan_paced(std::move(range), std::move(on_page), std::move(on_end), deadline);
  while (auto page = next_page(*pages)) {
    visit(std::move(page->entries));
    page->next();
  }
  return *pages->end;
}

/// Nothing: that was the last.
std::optional<Survey::Page> Survey::next_page(Pages& pages) {
  std::unique_lock lock(pages.mutex);
  pages.changed.wait(lock, [&] { return pages.stopped || pages.end || !pages.come.empty(); });
  if (pages.stopped) throw Inquiry::Stopped{};
  if (pages.come.empty()) return std::nullopt;
  Page page = std::move(pages.come.front());
  pages.come.pop_front();
  return page;
}

void Survey::stop() {
  std::shared_ptr<Pages> pages;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    pages = pages_;
  }
  if (!pages) return;
  const std::lock_guard lock(pages->mutex);
  pages->stopped = true;
  pages->changed.notify_all();
}

}  // namespace dbha::mirror
