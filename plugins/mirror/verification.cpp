#include "mirror/verification.hpp"

#include "mirror/verify_run.hpp"

namespace dbha::mirror {
namespace {

std::string seconds_text(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

VerifyReport Verification::verify(const VerifyRequest& request, std::stop_token stop,
                                  const std::function<void(const Progress&)>& tell) {
  VerifyReport report;
  std::optional<VerifyRun> run;
  const auto failed = [&](const std::string& why) {
    if (run) report = run->report();
    report.failure = why;
    return report;
  };
  try {
    run.emplace(mirror_, database_, limits_, log_, request, tell);
    run->run(stop);
  } catch (const Inquiry::Stopped&) {
    return failed("it was ended before all was compared");
  } catch (const Inquiry::Unanswered& unanswered) {
    return failed("the database has not answered for " + seconds_text(limits_.give_up) + ": " + unanswered.why);
  } catch (const StoreFailure& failure) {
    return failed(mirror_.trouble_at(failure));
  }
  return run->report();
}

}  // namespace dbha::mirror
