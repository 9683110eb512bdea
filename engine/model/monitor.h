// Who watches a training: hears how far it is, and may stop it.
#pragma once

#include <cstddef>

namespace footfall::model {

// Thrown by a monitor; nothing but the caller of a training catches it.
struct Cancelled {};

class Monitor {
  public:
    virtual ~Monitor() = default;
    // Called many times a second. Throws Cancelled when the training is to stop.
    virtual void check() = 0;
    virtual void progress(size_t done, size_t total) = 0;
};

}  // namespace footfall::model
