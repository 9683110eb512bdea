// The options of a training call: those about events, which SQL answers, and those of the
// algorithm, which the engine knows.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::functions {

struct NamedText {
    char* name;
    char* value;
};

struct EventWeight {
    char* event;
    double weight;
};

// Owns nothing, everything is in the context it was read in.
struct CallOptions {
    char* split;        // a time; nullptr: by test_fraction
    List* weights;      // of EventWeight*; NIL: the usual ones
    bool byAmount;      // a weight is multiplied with the revenue
    List* ofAlgorithm;  // of NamedText*
};

// With SPI connected. 22023 says what is wrong with an option of ours.
CallOptions readCallOptions(Datum jsonb);

}  // namespace footfall::functions
