#pragma once

#include "demo/plan.hpp"
#include "demo/report.hpp"
#include "demo/screen.hpp"
#include "demo/stage.hpp"

namespace dbha::demo {

/// Causes one fault and watches until all that is due has happened and everything is at rest again, or a deadline has
/// passed. What did not happen stands in the report's problems. Throws lab::Interrupted only.
FaultReport cause_fault(const Step& step, Stage& stage, const Screen& screen);

}  // namespace dbha::demo
