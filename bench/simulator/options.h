// The command line.
#pragma once

#include <string>

#include "bench/simulator/row_encoder.h"
#include "bench/simulator/shop.h"

namespace footfall::simulator {

struct Options {
    ShopPlan plan;
    Format format = Format::csv;
    std::string output = "-";
    bool header = true;
    bool quiet = false;
    std::string connection;  // libpq's parameters, for --format copy
    std::string table = "events";
    std::string create;       // "footfall", "heap" or empty
    std::string star;         // directory, or schema for --format copy; empty: no star schema
    std::string printSchema;  // "footfall", "heap", "star" or empty
    bool help = false;
};

std::string helpText();

// Throws std::invalid_argument that says what is wrong and how to mend it.
Options parseOptions(int argc, char** argv);

}  // namespace footfall::simulator
