// See feature_row.h.
#include "extension/functions/model/feature_row.h"

#include <cstring>

namespace footfall::functions {

using model::FeatureKind;

FeatureRow::FeatureRow(const model::Model& model)
    : model_(model),
      bindings_(model.features.size()),
      values_(MaxTupleAttributeNumber),
      nulls_(std::make_unique<bool[]>(MaxTupleAttributeNumber)) {}

namespace {

bool matches(FeatureKind kind, ColumnUse use) {
    switch (kind) {
        case FeatureKind::Number:
            return use == ColumnUse::Number;
        case FeatureKind::Boolean:
            return use == ColumnUse::Boolean;
        case FeatureKind::Text:
            return use == ColumnUse::Text;
    }
    return false;
}

const char* nameOf(FeatureKind kind) {
    switch (kind) {
        case FeatureKind::Number:
            return "a number";
        case FeatureKind::Boolean:
            return "a boolean";
        case FeatureKind::Text:
            return "a text";
    }
    return "";
}

}  // namespace

void FeatureRow::bind(TupleDesc descriptor) {
    StringInfoData missing;
    StringInfoData mistyped;
    initStringInfo(&missing);
    initStringInfo(&mistyped);
    for (size_t i = 0; i < bindings_.size(); i++) {
        const model::Feature& feature = model_.features[i];
        bindings_[i].attribute = -1;
        // What training has found constant, no input asks for.
        if (feature.constant)
            continue;
        for (int column = 0; column < descriptor->natts; column++) {
            Form_pg_attribute attribute = TupleDescAttr(descriptor, column);
            if (attribute->attisdropped || feature.name != NameStr(attribute->attname))
                continue;
            bindings_[i] = {column, columnTypeOf(attribute->atttypid)};
            if (!matches(feature.kind, bindings_[i].type.use)) {
                appendStringInfo(&mistyped, "%s%s is %s, not %s", mistyped.len > 0 ? "; " : "",
                                 feature.name.c_str(), format_type_be(attribute->atttypid),
                                 nameOf(feature.kind));
            }
            break;
        }
        if (bindings_[i].attribute < 0)
            appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "", feature.name.c_str());
    }
    if (missing.len > 0) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("the row lacks columns that the model needs"),
                        errdetail("Missing: %s.", missing.data),
                        errhint("Further columns do no harm; pass a whole row, as in "
                                "footfall.score('m', t) for a table t.")));
    }
    if (mistyped.len > 0) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("columns of the row have other types than the model's features"),
                        errdetail("%s.", mistyped.data)));
    }
    pfree(missing.data);
    pfree(mistyped.data);
}

float FeatureRow::categoryOf(size_t feature, const char* text) const {
    const auto& categories = model_.features[feature].categories;
    const std::string_view wanted(text);
    const auto found = std::lower_bound(categories.begin(), categories.end(), wanted);
    if (found == categories.end() || *found != wanted)
        return model::kUnknownCategory;
    return static_cast<float>(found - categories.begin());
}

TupleDesc FeatureRow::descriptorOf(HeapTupleHeader row) {
    const Oid type = HeapTupleHeaderGetTypeId(row);
    const int32 modifier = HeapTupleHeaderGetTypMod(row);
    TupleDesc descriptor = nullptr;
    uint64 form = INVALID_TUPLEDESC_IDENTIFIER;
    if (type == RECORDOID) {
        descriptor = lookup_rowtype_tupdesc(type, modifier);
    } else {
        // Descriptor and identifier from one look at the cache: between two the type could change.
        const TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_TUPDESC);
        if (entry->tupDesc == nullptr) {
            ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                            errmsg("type %s is not composite", format_type_be(type))));
        }
        descriptor = entry->tupDesc;
        form = entry->tupDesc_identifier;
        PinTupleDesc(descriptor);
    }
    if (type != rowType_ || modifier != rowModifier_ || form != rowForm_) {
        rowType_ = InvalidOid;
        bind(descriptor);
        rowType_ = type;
        rowModifier_ = modifier;
        rowForm_ = form;
    }
    return descriptor;
}

void FeatureRow::read(HeapTupleHeader row, float* features) {
    TupleDesc descriptor = descriptorOf(row);
    HeapTupleData tuple;
    tuple.t_len = HeapTupleHeaderGetDatumLength(row);
    ItemPointerSetInvalid(&tuple.t_self);
    tuple.t_tableOid = InvalidOid;
    tuple.t_data = row;
    heap_deform_tuple(&tuple, descriptor, values_.data(), nulls_.get());
    for (size_t i = 0; i < bindings_.size(); i++) {
        const auto column = static_cast<size_t>(std::max(bindings_[i].attribute, 0));
        if (bindings_[i].attribute < 0 || nulls_[column]) {
            features[i] = model::kNull;
        } else if (bindings_[i].type.use == ColumnUse::Text) {
            char* text = textOf(bindings_[i].type, values_[column]);
            features[i] = categoryOf(i, text);
            pfree(text);
        } else {
            features[i] = static_cast<float>(
                numberOf(bindings_[i].type, values_[column], model_.features[i].name.c_str()));
        }
    }
    ReleaseTupleDesc(descriptor);
}

}  // namespace footfall::functions
