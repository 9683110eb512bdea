// See dataset.h.
#include "engine/model/dataset.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/model/drift.h"
#include "engine/model/random.h"

namespace footfall::model {

std::string describe(const Input& input, const std::vector<Feature>& features) {
    const Feature& feature = features[input.feature];
    switch (input.kind) {
        case InputKind::Value:
            break;
        case InputKind::IsNull:
            return feature.name + " is null";
        case InputKind::Category:
            return feature.name + " = " + feature.categories[input.category];
        case InputKind::CategorySet: {
            std::string text = feature.name + " in (";
            for (size_t category = 0; category < feature.categories.size(); category++) {
                if ((input.set >> category & 1) != 0)
                    text += (text.back() == '(' ? "" : ", ") + feature.categories[category];
            }
            return text + ")";
        }
    }
    return feature.name;
}

namespace {

void packText(base::ByteWriter& writer, std::string_view text) {
    writer.varint(text.size());
    writer.append(text);
}

std::string unpackText(base::ByteReader& reader) {
    return std::string(reader.text(reader.varintUpTo(reader.remaining(), "length of a text")));
}

// Keeps the most frequent categories among `rows`, in the order of their texts.
void keepFrequent(Feature& feature, std::vector<float>& column, std::span<const uint32_t> rows) {
    std::vector<uint32_t> counts(feature.categories.size());
    for (const uint32_t row : rows) {
        if (column[row] >= 0)
            counts[static_cast<size_t>(column[row])]++;
    }
    std::vector<uint32_t> order(counts.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto& texts = feature.categories;
    std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
        return counts[a] != counts[b] ? counts[a] > counts[b] : texts[a] < texts[b];
    });
    while (!order.empty() && (order.size() > kMaxCategories || counts[order.back()] == 0))
        order.pop_back();
    std::ranges::sort(order, {}, [&](uint32_t category) { return texts[category]; });

    std::vector<float> renumbered(counts.size(), kUnknownCategory);
    std::vector<std::string> kept;
    for (const uint32_t category : order) {
        renumbered[category] = static_cast<float>(kept.size());
        kept.push_back(texts[category]);
    }
    feature.categories = std::move(kept);
    for (float& value : column) {
        if (value >= 0)
            value = renumbered[static_cast<size_t>(value)];
    }
}

void addInputs(const Feature& feature, uint32_t number, bool hasNulls, std::vector<Input>& inputs) {
    if (feature.kind == FeatureKind::Text) {
        for (uint32_t category = 0; category < feature.categories.size(); category++)
            inputs.push_back({number, InputKind::Category, category, 0});
    } else {
        inputs.push_back({number, InputKind::Value, 0, 0});
    }
    if (hasNulls)
        inputs.push_back({number, InputKind::IsNull, 0, 0});
}

}  // namespace

void Dataset::pack(base::ByteWriter& writer) const {
    writer.varint(features.size());
    writer.u64(rows());
    for (size_t i = 0; i < features.size(); i++) {
        packText(writer, features[i].name);
        writer.u8(static_cast<uint8_t>(features[i].kind));
        writer.varint(features[i].categories.size());
        for (const std::string& category : features[i].categories)
            packText(writer, category);
        writer.append(std::as_bytes(std::span(columns[i])));
    }
    writer.append(std::as_bytes(std::span(labels)));
    writer.append(std::as_bytes(std::span(roles)));
}

Dataset Dataset::unpack(base::ByteReader& reader) {
    Dataset result;
    const uint64_t features = reader.varintUpTo(kMaxFeatures, "number of features");
    const uint64_t rows = reader.u64();
    if (rows > reader.remaining())
        base::throwCorrupt("a dataset of %zu bytes cannot hold its rows", reader.remaining());
    if (rows == 0)
        base::throwBadArgument("the dataset has no rows");
    for (uint64_t i = 0; i < features; i++) {
        Feature& feature = result.features.emplace_back();
        feature.name = unpackText(reader);
        feature.kind = static_cast<FeatureKind>(reader.u8());
        const uint64_t categories = reader.varintUpTo(reader.remaining(), "number of categories");
        for (uint64_t c = 0; c < categories; c++)
            feature.categories.push_back(unpackText(reader));
        const auto bytes = reader.bytes(rows * sizeof(float));
        std::memcpy(result.columns.emplace_back(rows).data(), bytes.data(), bytes.size());
    }
    const auto labels = reader.bytes(rows);
    result.labels.resize(rows);
    std::memcpy(result.labels.data(), labels.data(), rows);
    const auto roles = reader.bytes(rows);
    result.roles.resize(rows);
    std::memcpy(result.roles.data(), roles.data(), rows);
    return result;
}

std::vector<Input> prepareFeatures(Dataset& dataset, bool nullInputs) {
    const auto rows = rowsWith(dataset, Role::Train);
    if (rows.empty())
        base::throwBadArgument("the dataset has no rows to train with");
    const auto labels = labelsOf(dataset, rows);
    if (std::ranges::count(labels, labels.front()) == std::ssize(labels)) {
        throw base::Error(base::ErrorKind::BadArgument,
                          "the rows to train with have one class only, %s",
                          labels.front() != 0 ? "true" : "false")
            .withHint("A label needs rows where it is true and rows where it is false.");
    }
    std::vector<Input> inputs;
    for (uint32_t i = 0; i < dataset.features.size(); i++) {
        Feature& feature = dataset.features[i];
        std::vector<float>& column = dataset.columns[i];
        if (feature.kind == FeatureKind::Text)
            keepFrequent(feature, column, rows);
        bool hasNulls = false;
        bool hasValues = false;
        bool varies = false;
        float first = 0;
        for (const uint32_t row : rows) {
            if (std::isnan(column[row])) {
                hasNulls = true;
            } else if (!hasValues) {
                hasValues = true;
                first = column[row];
            } else if (column[row] != first) {
                varies = true;
            }
        }
        feature.constant = !varies && !(hasNulls && hasValues);
        feature.distribution = distributionOf(feature, column, rows);
        if (!feature.constant)
            addInputs(feature, i, hasNulls && (nullInputs || feature.kind == FeatureKind::Text),
                      inputs);
    }
    if (inputs.empty())
        base::throwBadArgument("no column of the dataset can be a feature: all are constant");
    return inputs;
}

std::vector<uint32_t> rowsWith(const Dataset& dataset, Role role) {
    std::vector<uint32_t> rows;
    for (uint32_t row = 0; row < dataset.rows(); row++) {
        if (dataset.roles[row] == role)
            rows.push_back(row);
    }
    return rows;
}

InputMatrix inputMatrix(const Dataset& dataset, const std::vector<Input>& inputs,
                        std::span<const uint32_t> rows) {
    InputMatrix matrix{rows.size(), inputs.size(), {}};
    matrix.values.resize(matrix.rows * matrix.inputs);
    float* value = matrix.values.data();
    for (Input input : inputs) {
        const std::vector<float>& column = dataset.columns[input.feature];
        input.feature = 0;
        for (const uint32_t row : rows)
            *value++ = input.of(&column[row]);
    }
    return matrix;
}

std::vector<float> featureRows(const Dataset& dataset, std::span<const uint32_t> rows) {
    std::vector<float> result;
    result.reserve(rows.size() * dataset.columns.size());
    for (const uint32_t row : rows) {
        for (const auto& column : dataset.columns)
            result.push_back(column[row]);
    }
    return result;
}

std::vector<uint8_t> labelsOf(const Dataset& dataset, std::span<const uint32_t> rows) {
    std::vector<uint8_t> labels;
    labels.reserve(rows.size());
    for (const uint32_t row : rows)
        labels.push_back(dataset.labels[row]);
    return labels;
}

namespace {

constexpr uint64_t kTestStream = 1;
constexpr uint64_t kCalibrationStream = 2;

// Gives a share of the rows of `from`, of each class by itself, the role `to`.
void assignAtRandom(Dataset& dataset, Role from, Role to, double share, Random random) {
    for (const uint8_t label : {uint8_t{0}, uint8_t{1}}) {
        std::vector<uint32_t> rows;
        for (uint32_t row = 0; row < dataset.rows(); row++) {
            if (dataset.roles[row] == from && dataset.labels[row] == label)
                rows.push_back(row);
        }
        random.shuffle(rows);
        rows.resize(static_cast<size_t>(std::llround(share * static_cast<double>(rows.size()))));
        for (const uint32_t row : rows)
            dataset.roles[row] = to;
    }
}

// Gives the latest rows of `from`, about a share of them, the role `to`.
void assignLatest(Dataset& dataset, Role from, Role to, double share,
                  std::span<const double> times) {
    std::vector<double> sorted;
    for (size_t row = 0; row < times.size(); row++) {
        if (dataset.roles[row] == from)
            sorted.push_back(times[row]);
    }
    if (sorted.empty() || share <= 0)
        return;
    std::ranges::sort(sorted);
    const double n = static_cast<double>(sorted.size());
    const auto at = std::min(static_cast<size_t>(n * (1 - share)), sorted.size() - 1);
    // All rows of the first time stay behind: something must remain to train with.
    const double from_time = sorted[at] > sorted.front()
                                 ? sorted[at]
                                 : *std::ranges::upper_bound(sorted, sorted.front());
    for (size_t row = 0; row < times.size(); row++) {
        if (dataset.roles[row] == from && times[row] >= from_time)
            dataset.roles[row] = to;
    }
}

// Leaves rows to train with out whose label is not known at the first time of `later`: it tells
// what happened after that time, which is what the rows of `later` are asked.
void leaveOutUnknown(Dataset& dataset, Role later, double embargo, std::span<const double> times) {
    double first = std::numeric_limits<double>::infinity();
    for (size_t row = 0; row < times.size(); row++) {
        if (dataset.roles[row] == later)
            first = std::min(first, times[row]);
    }
    bool remains = false;
    for (size_t row = 0; row < times.size(); row++) {
        if (dataset.roles[row] != Role::Train)
            continue;
        if (times[row] + embargo > first) {
            dataset.roles[row] = Role::LeftOut;
        } else {
            remains = true;
        }
    }
    if (!remains) {
        throw base::Error(base::ErrorKind::BadArgument,
                          "the embargo leaves no rows to train with: no earlier row's label is "
                          "known at the first time for %s",
                          later == Role::Test ? "testing" : "calibration")
            .withHint(
                "Add earlier times, take them further apart than the embargo, or ask for less: "
                "{\"test_fraction\": 0.1}, {\"calibration\": \"none\"}.");
    }
}

}  // namespace

void splitAtRandom(Dataset& dataset, double test, double calibrate, uint64_t seed) {
    dataset.roles.assign(dataset.rows(), Role::Train);
    assignAtRandom(dataset, Role::Train, Role::Test, test, Random(seed, kTestStream));
    assignAtRandom(dataset, Role::Train, Role::Calibrate, calibrate,
                   Random(seed, kCalibrationStream));
}

void splitByTime(Dataset& dataset, std::span<const double> times, double test, double calibrate,
                 double embargo) {
    dataset.roles.assign(dataset.rows(), Role::Train);
    if (dataset.rows() == 0)
        return;
    const auto [least, greatest] = std::ranges::minmax(times);
    if (least == greatest) {
        throw base::Error(base::ErrorKind::BadArgument,
                          "the time column has one value only: rows cannot be split by it")
            .withHint("Split by a share of the rows: {\"test_fraction\": 0.2} without a time.");
    }
    assignLatest(dataset, Role::Train, Role::Test, test, times);
    if (embargo > 0)
        leaveOutUnknown(dataset, Role::Test, embargo, times);
    double latest = least;
    for (size_t row = 0; row < times.size(); row++) {
        if (dataset.roles[row] == Role::Train)
            latest = std::max(latest, times[row]);
    }
    if (calibrate <= 0)
        return;
    if (latest > least) {
        assignLatest(dataset, Role::Train, Role::Calibrate, calibrate, times);
        if (embargo > 0)
            leaveOutUnknown(dataset, Role::Calibrate, embargo, times);
    } else {
        // One period before the test: the fold is drawn from it, other rows of the same time.
        assignAtRandom(dataset, Role::Train, Role::Calibrate, calibrate,
                       Random(0, kCalibrationStream));
    }
}

void splitByColumn(Dataset& dataset, const std::vector<bool>& test, double calibrate,
                   uint64_t seed) {
    dataset.roles.assign(dataset.rows(), Role::Train);
    for (size_t row = 0; row < dataset.rows(); row++) {
        if (test[row])
            dataset.roles[row] = Role::Test;
    }
    assignAtRandom(dataset, Role::Train, Role::Calibrate, calibrate,
                   Random(seed, kCalibrationStream));
}

}  // namespace footfall::model
