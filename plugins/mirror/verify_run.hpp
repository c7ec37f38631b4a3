#pragma once
/// One comparison of a mirror's store with the database, from its beginning to its end.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "mirror/inquiry.hpp"
#include "mirror/survey.hpp"
#include "mirror/verification.hpp"

namespace dbha::mirror {

/// One thread. Throws Inquiry::Stopped, Inquiry::Unanswered and StoreFailure; what was counted until then stands in the
/// report.
class VerifyRun {
 public:
  using Tell = std::function<void(const Progress&)>;

  /// What is given here outlives it. Throws StoreFailure.
  VerifyRun(LocalMirror& mirror, VersionedStore& database, const VerificationLimits& limits, Log& log,
            const VerifyRequest& request, const Tell& tell);

  void run(const std::stop_token& stop);
  const VerifyReport& report() const { return report_; }

 private:
  /// An entry that was not the same at first.
  struct Doubtful {
    Partition partition;
    EntryName name;
    std::optional<Row> before{};  ///< what the store held before the database was asked again
  };

  void compare();
  void look(std::vector<Row> rows);
  void find_unknown(const std::string& table);
  StoreResult scan(const std::string& table, VerifyReport& into);
  void take(std::vector<Entry> some, VerifyReport& into);
  void settle(VerifyReport& into);
  void look_again(std::vector<Doubtful> some, bool last, VerifyReport& into);
  void judge(const Doubtful& doubtful, const std::optional<Entry>& there, bool last, VerifyReport& into);
  void count(const Difference& difference, VerifyReport& into) const;
  void ask(std::vector<EntryName> names, Inquiry::Answer answer);
  void begin_progress(const char* doing);
  void advance(std::size_t entries);

  LocalMirror& mirror_;
  std::unique_ptr<StoreReader> reader_;
  VersionedStore& database_;
  std::vector<std::string> tables_;
  VerificationLimits limits_;
  Inquiry inquiry_;
  Survey survey_;
  const VerifyRequest& request_;
  const Tell& tell_;
  Progress progress_;
  TimePoint answered_{};  ///< by a scan
  std::vector<Doubtful> doubtful_;
  VerifyReport report_;
};

}  // namespace dbha::mirror
