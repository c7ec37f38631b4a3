#pragma once
/// One node's part in a round of a scan: SCAN from the beginning to the end, and the fields of what it finds.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redis/scan_plan.hpp"
#include "redis/store_scan.hpp"

namespace dbha::redis {

/// Loop thread only. At any time it has either one SCAN under way, or some reads of single entries. Held by the calls
/// under way.
class ShareReader final : public std::enable_shared_from_this<ShareReader> {
 public:
  static constexpr std::size_t most_reads = 256;

  ShareReader(std::shared_ptr<StoreScan> scan, ScanShare share) : scan_(std::move(scan)), share_(std::move(share)) {}
  /// Of a share without a node it asks too: the call waits for an owner until its deadline.
  void start() { ask_page(); }

 private:
  void ask_page();
  void on_page(Result result);
  void begin_again(std::uint64_t session);
  void take_names(const std::vector<std::string>& keys);
  void read_more();
  void on_fields(const EntryName& name, const Result& result);
  void end_page();
  void go_on();
  void fail(const Result& result);

  std::shared_ptr<StoreScan> scan_;
  ScanShare share_;
  std::string cursor_ = "0";
  std::optional<std::uint64_t> session_;  // that the cursor is of
  unsigned restarts_ = 0;
  std::vector<EntryName> names_;  // of this page
  std::size_t next_ = 0;          // of names_, to be read
  std::size_t reading_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace dbha::redis
