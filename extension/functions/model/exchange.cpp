// footfall.import_model(model, format, content, options) and
// footfall.export_model(model, format, version, calibrated).
//
// What is imported is data: the engine checks every number of it and makes a model of ours, which
// is stored as a training's would be, but with no rows and no metrics. Texts of the formats are
// UTF-8, as are the bytes of JSON and PMML.
#include "engine/exchange/onnx.h"
#include "engine/exchange/pmml.h"
#include "engine/exchange/xgboost_json.h"
#include "extension/functions/model/model_store.h"
#include "extension/module/settings.h"
#include "extension/pg/guard.h"

namespace footfall::functions {

namespace {

constexpr const char* kXgboostJson = "xgboost_json";

enum class Format : uint8_t { XgboostJson, Onnx, Pmml };

Format exportFormat(const char* name) {
    if (strcmp(name, kXgboostJson) == 0)
        return Format::XgboostJson;
    if (strcmp(name, "onnx") == 0)
        return Format::Onnx;
    if (strcmp(name, "pmml") == 0)
        return Format::Pmml;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a model cannot be exported as \"%s\"", name),
                    errhint("Known are xgboost_json, onnx and pmml.")));
}

std::string exported(const model::Model& model, Format format, bool calibrated) {
    switch (format) {
        case Format::XgboostJson:
            return exchange::xgboostJsonOf(model, calibrated);
        case Format::Onnx:
            return exchange::onnxOf(model, calibrated);
        case Format::Pmml:
            return exchange::pmmlOf(model, calibrated);
    }
    base::throwInternal("there is no format %d", static_cast<int>(format));
}

std::string_view bytesOf(const bytea* content) {
    return {VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content)};
}

// Texts go into the database as they are: that is right where it speaks UTF-8 or nothing.
void requireUtf8(std::string_view text, const char* what) {
    (void)pg_verify_mbstr(PG_UTF8, text.data(), static_cast<int>(text.size()), false);
    const bool isAscii =
        std::ranges::none_of(text, [](char c) { return static_cast<signed char>(c) < 0; });
    if (!isAscii && GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("%s has characters beyond ASCII, and the encoding of the database "
                               "is %s",
                               what, GetDatabaseEncodingName()),
                        errhint("Models with such names are exchanged by databases whose encoding "
                                "is UTF8.")));
    }
}

// Escapes and lists of bytes make texts that the content does not show.
void requireUtf8(const model::Model& model) {
    requireUtf8(model.label, "the model");
    for (const model::Feature& feature : model.features) {
        requireUtf8(feature.name, "the model");
        for (const std::string& category : feature.categories)
            requireUtf8(category, "the model");
    }
}

// A name that no column can have would make a model that scores no row.
void requireColumnNames(const model::Model& model) {
    for (const model::Feature& feature : model.features) {
        if (feature.name.size() >= NAMEDATALEN) {
            throw base::Error(base::ErrorKind::BadArgument,
                              "feature \"%.100s\" has a longer name than a column can have",
                              feature.name.c_str())
                .withHint("Rename it: option {\"features\": {\"...\": \"shorter\"}}.");
        }
    }
}

// From inside the engine.
void poll() {
    pg::callPostgres([] { CHECK_FOR_INTERRUPTS(); });
}

model::Model readModel(std::string_view content, const char* options) {
    try {
        model::Model model = exchange::modelOfXgboostJson(content, options, poll);
        requireColumnNames(model);
        return model;
    } catch (const base::Error& error) {
        // It is the caller's argument, not a stored value, that is damaged.
        if (error.kind() != base::ErrorKind::CorruptData)
            throw;
        throw base::Error(base::ErrorKind::BadArgument,
                          "the content is no model of XGBoost's that can be read")
            .withDetail("%s", error.what())
            .withHint("Save one with Booster.save_model('model.json').");
    }
}

int32 import(const char* name, std::string_view content, Datum options) {
    int32 number = 0;
    Oid output = InvalidOid;
    bool isVarlena = false;
    getTypeOutputInfo(JSONBOID, &output, &isVarlena);
    char* optionsText = OidOutputFunctionCall(output, options);
    pg::enterEngine([&] {
        const model::Model model = readModel(content, optionsText);
        base::ByteWriter writer;
        model.pack(writer);
        // What is stored can be read: it is read once here.
        base::ByteReader reader(writer.bytes());
        (void)model::Model::unpack(reader);
        NewVersion version = {};
        version.model = name;
        version.dataset = "(imported from xgboost_json)";
        version.label = model.label.c_str();
        version.options = options;
        version.algorithm = nameOf(model.algorithm);
        pg::callPostgres([&] {
            requireUtf8(model);
            version.content = contentOf(writer);
            version.features = featureNames(model);
            number = storeVersion(version);
        });
    });
    return number;
}

bytea* byteaOf(std::string_view text, MemoryContext context) {
    if (text.size() > MaxAllocSize - VARHDRSZ) {
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("the exported model has %zu bytes, which is too many for a value",
                               text.size())));
    }
    auto* result = static_cast<bytea*>(MemoryContextAlloc(context, VARHDRSZ + text.size()));
    SET_VARSIZE(result, VARHDRSZ + text.size());
    memcpy(VARDATA(result), text.data(), text.size());
    return result;
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PGDLLEXPORT Datum footfall_import_model(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_import_model);
PGDLLEXPORT Datum footfall_export_model(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(footfall_export_model);

Datum footfall_import_model(PG_FUNCTION_ARGS) {
    using namespace footfall;
    char* name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    char* format = text_to_cstring(PG_GETARG_TEXT_PP(1));
    if (name[0] == '\0')
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the model needs a name")));
    if (strcmp(format, functions::kXgboostJson) != 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("a model cannot be imported from \"%s\"", format),
                        errhint("Known is xgboost_json.")));
    }
    // Before it is read out of its compressed form.
    const Size limit = static_cast<Size>(module::maxImportSize) * 1024;
    if (const Size size = toast_raw_datum_size(PG_GETARG_DATUM(2)) - VARHDRSZ; size > limit) {
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("the model has %zu bytes, more than footfall.max_import_size", size),
                        errdetail("The limit is %d kB.", module::maxImportSize)));
    }
    SPI_connect();
    functions::requireOwnOrNew(name);
    const std::string_view content = functions::bytesOf(PG_GETARG_BYTEA_PP(2));
    functions::requireUtf8(content, "the content");
    const int32 version = functions::import(name, content, PG_GETARG_DATUM(3));
    SPI_finish();
    PG_RETURN_INT32(version);
}

Datum footfall_export_model(PG_FUNCTION_ARGS) {
    using namespace footfall;
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
        PG_RETURN_NULL();
    const functions::Format format = functions::exportFormat(text_to_cstring(PG_GETARG_TEXT_PP(1)));
    const int32 version = PG_ARGISNULL(2) ? functions::kDeployedVersion : PG_GETARG_INT32(2);
    if (!PG_ARGISNULL(2) && version < 1) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("versions of models start at 1, not %d", version)));
    }
    const bool calibrated = PG_GETARG_BOOL(3);
    MemoryContext caller = CurrentMemoryContext;
    bytea* result = nullptr;
    SPI_connect();
    bytea* stored = functions::loadModel(text_to_cstring(PG_GETARG_TEXT_PP(0)), version,
                                         functions::ModelKind::Scorer);
    pg::enterEngine([&] {
        base::ByteReader reader(std::as_bytes(std::span(functions::bytesOf(stored))));
        const model::Model model = model::Model::unpack(reader);
        const std::string bytes = functions::exported(model, format, calibrated);
        pg::callPostgres([&] {
            functions::requireUtf8(model);
            result = functions::byteaOf(bytes, caller);
        });
    });
    SPI_finish();
    PG_RETURN_BYTEA_P(result);
}
}
