// Where encoded rows go: a file (or standard output), or COPY into a table through libpq.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bench/simulator/row_encoder.h"

namespace footfall::simulator {

// Every operation throws std::runtime_error with the reason when it fails.
class Sink {
  public:
    virtual ~Sink() = default;
    virtual void write(std::string_view bytes) = 0;
    // Whether rows stay invisible until they are committed.
    virtual bool transactional() const { return false; }
    // After the last byte. Without this call a transactional sink keeps nothing.
    virtual void finish() = 0;
};

// "-" is standard output.
std::unique_ptr<Sink> openFileSink(const std::string& path);
// Starts COPY table FROM STDIN (FORMAT binary) on a connection of its own.
std::unique_ptr<Sink> openCopySink(const std::string& connection, const std::string& table);
// Runs SQL that returns nothing of interest.
void executeSql(const std::string& connection, const std::string& sql);

}  // namespace footfall::simulator
