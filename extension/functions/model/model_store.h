// The tables of models: footfall.model, model_metric, model_deployment. The one place that reads
// and writes them.
//
// Nobody but their owner may touch the tables: queries run under that identity and take what the
// caller said as parameters only. Before, the caller is checked: a model belongs to the role that
// trained its first version; that role, its members and superusers may train further versions,
// deploy and apply it. Names are one space for all: others get 42501 where there is such a model,
// 42704 where there is none, and see nothing else of it.
#pragma once

#include "engine/model/training_result.h"
#include "extension/functions/model/training_options.h"

namespace footfall::functions {

constexpr int32 kDeployedVersion = 0;

// All may raise an ERROR. Need SPI to be connected; texts are in the current context.

// 42501 when the model is somebody else's; a model that is not there is fine.
void requireOwnOrNew(const char* model);
// What a version is: something that scores rows, or something that recommends products.
enum class ModelKind { Scorer, Recommender };
// The bytes of a version. 42704 when there is none, 55000 when none is deployed, 42809 when it is
// of the other kind.
bytea* loadModel(const char* model, int32 version, ModelKind kind);

// What a version stores of a model: its bytes (54000 when they are too many), its features' names.
bytea* contentOf(const base::ByteWriter& packed);
ArrayType* featureNames(const model::Model& model);

struct NewVersion {
    const char* model;
    const char* dataset;
    const char* label;
    Datum options;  // jsonb
    const char* algorithm;
    bytea* content;
    ArrayType* features;
    int64 trainingRows;
    int64 calibrationRows;
    int64 testRows;
};
// Stores the next version and returns its number. Waits for another training of the same model that
// is being stored.
int32 storeVersion(const NewVersion& version);
void storeMetric(const char* model, int32 version, const char* metric, const char* item,
                 float8 value);

void deployVersion(const char* model, int32 version);
// The version that is deployed again.
int32 rollbackDeployment(const char* model);
void dropModel(const char* model);

}  // namespace footfall::functions
