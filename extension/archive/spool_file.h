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
    // Charges the file to temp_file_limit (53400 beyond it): as long as it is, or as it will be,
    // and then is already, with what was not written yet as zeros. Not inside enterEngine.
    void charge();
    void charge(int64 size);

  private:
    static void drop(void* self);

    File file_;
    int descriptor_;
    MemoryContextCallback drop_;
};

}  // namespace footfall::archive
