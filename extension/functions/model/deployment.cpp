// footfall.deploy(model, version), footfall.rollback(model), footfall.drop_model(model).
#include "extension/functions/model/model_store.h"

extern "C" {
PGDLLEXPORT Datum footfall_deploy(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_deploy);
PGDLLEXPORT Datum footfall_rollback(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_rollback);
PGDLLEXPORT Datum footfall_drop_model(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_drop_model);

Datum footfall_deploy(PG_FUNCTION_ARGS) {
    SPI_connect();
    footfall::functions::deployVersion(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1));
    SPI_finish();
    PG_RETURN_VOID();
}

Datum footfall_rollback(PG_FUNCTION_ARGS) {
    SPI_connect();
    const int32 version =
        footfall::functions::rollbackDeployment(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    SPI_finish();
    PG_RETURN_INT32(version);
}

Datum footfall_drop_model(PG_FUNCTION_ARGS) {
    SPI_connect();
    footfall::functions::dropModel(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    SPI_finish();
    PG_RETURN_VOID();
}
}
