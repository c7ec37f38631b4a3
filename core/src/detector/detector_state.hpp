#pragma once

#include <memory>

#include "detector/mark_setting.hpp"

namespace dbha {

/// What a detector must not forget: it is stored before anything of it is published.
struct DetectorState {
  std::shared_ptr<const Topology> topology;  ///< the last published one, null before the first
  MarkMemory memory;
};

}  // namespace dbha
