#include "bench/simulator/row_encoder.h"

#include <stdexcept>

#include "bench/simulator/encoders.h"

namespace footfall::simulator {

std::unique_ptr<RowEncoder> makeEncoder(Format format, const Table& table, bool header) {
    switch (format) {
        case Format::csv:
            return makeCsvEncoder(table, header);
        case Format::jsonLines:
            return makeJsonEncoder(table);
        case Format::binaryCopy:
            return makeCopyEncoder(table);
    }
    throw std::logic_error("unknown format");
}

}  // namespace footfall::simulator
