// footfall.id_text(value): what a recommender knows a customer or product by, in every session and
// on both sides: training reads it in its query (interaction_query.h), asking in recommend.cpp.
#include "extension/functions/sketch/value_text.h"

extern "C" {
PG_FUNCTION_INFO_V1(footfall_id_text);

PGDLLEXPORT Datum footfall_id_text(PG_FUNCTION_ARGS) {
    using footfall::functions::ValueText;
    const std::string_view id =
        ValueText::ofArgument(fcinfo, 0, ValueText::Purpose::Id)(PG_GETARG_DATUM(0));
    PG_RETURN_TEXT_P(cstring_to_text_with_len(id.data(), static_cast<int>(id.size())));
}
}
