// A temporary file of the database that outlives transactions: what is uploaded, or was downloaded,
// between two of them. Gone with its memory context, and with the server's next start after a
// crash.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::archive {

class SpoolFile {
  public:
    // Not inside enterEngine.
    static SpoolFile* create(MemoryContext context);
    // For reading and writing from any place; stays open as long as the file.
    int descriptor() const { return descriptor_; }

  private:
    static void drop(void* self);

    File file_;
    int descriptor_;
    MemoryContextCallback drop_;
};

}  // namespace footfall::archive
