// Group states on disk: the engine's spill files as PostgreSQL's temporary files.
//
// They are deleted by drop() or with the resource owner they were made under. Records are written
// with their length before them.
#pragma once

#include "engine/aggregate/spill_source.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

class SpillFiles final : public aggregate::SpillSource {
  public:
    // Keeps what it needs in the current context.
    SpillFiles() : context_(CurrentMemoryContext) {}

    void write(uint32_t file, std::span<const std::byte> record) override;
    bool read(uint32_t file, base::Buffer& record) override;
    void drop(uint32_t file) override;
    // Drops all files there are.
    void dropAll();

  private:
    struct File {
        BufFile* file;
        bool reading;
    };

    MemoryContext context_;
    File* files_ = nullptr;
    uint32_t count_ = 0;
};

}  // namespace footfall::executor
