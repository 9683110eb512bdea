// A model as bytes: 'M', the version, the parts in the order of Model, a CRC-32C of what stands
// before it. Version 2 has sets of categories; a model without them is written as version 1.
//
// Reading checks whatever the rest relies on: every number that is an index, the order of nodes,
// that each node has one parent, depth, finite numbers, ascending calibration points. The work is
// linear in the size of the bytes.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "engine/base/checksum.h"
#include "engine/base/error.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace footfall::model {

namespace {

constexpr uint8_t kMagic = 'M';
constexpr uint8_t kVersion = 2;
constexpr uint8_t kVersionWithoutSets = 1;

void packText(base::ByteWriter& writer, std::string_view text) {
    writer.varint(text.size());
    writer.append(text);
}

template <class T>
void packNumbers(base::ByteWriter& writer, const std::vector<T>& numbers) {
    writer.varint(numbers.size());
    writer.append(std::as_bytes(std::span(numbers)));
}

std::string unpackText(base::ByteReader& reader) {
    return std::string(reader.text(reader.varintUpTo(reader.remaining(), "length of a text")));
}

template <class T>
std::vector<T> unpackNumbers(base::ByteReader& reader) {
    const uint64_t count = reader.varintUpTo(reader.remaining() / sizeof(T), "number of numbers");
    const auto bytes = reader.bytes(count * sizeof(T));
    std::vector<T> numbers(count);
    if (count != 0)
        std::memcpy(numbers.data(), bytes.data(), bytes.size());
    if constexpr (std::is_floating_point_v<T>) {
        for (const T number : numbers) {
            if (!std::isfinite(number))
                base::throwCorrupt("a model holds a number that is not finite");
        }
    }
    return numbers;
}

double finite(base::ByteReader& reader) {
    const auto number = reader.read<double>();
    if (!std::isfinite(number))
        base::throwCorrupt("a model holds a number that is not finite");
    return number;
}

template <class T>
void requireAscending(const std::vector<T>& numbers, const char* what) {
    for (size_t i = 1; i < numbers.size(); i++) {
        if (!(numbers[i - 1] < numbers[i]))
            base::throwCorrupt("%s of a model are not ascending", what);
    }
}

void packFeature(base::ByteWriter& writer, const Feature& feature) {
    packText(writer, feature.name);
    writer.u8(static_cast<uint8_t>(feature.kind));
    writer.u8(feature.constant ? 1 : 0);
    writer.varint(feature.categories.size());
    for (const std::string& category : feature.categories)
        packText(writer, category);
    packNumbers(writer, feature.distribution.edges);
    packNumbers(writer, feature.distribution.shares);
}

Feature unpackFeature(base::ByteReader& reader) {
    Feature feature;
    feature.name = unpackText(reader);
    const uint8_t kind = reader.u8();
    if (kind < 1 || kind > 3)
        base::throwCorrupt("a feature has the unknown kind %u", kind);
    feature.kind = static_cast<FeatureKind>(kind);
    feature.constant = reader.u8() != 0;
    const uint64_t categories = reader.varintUpTo(kMaxCategories, "number of categories");
    for (uint64_t i = 0; i < categories; i++)
        feature.categories.push_back(unpackText(reader));
    requireAscending(feature.categories, "categories");
    feature.distribution.edges = unpackNumbers<float>(reader);
    requireAscending(feature.distribution.edges, "edges");
    feature.distribution.shares = unpackNumbers<double>(reader);
    const size_t bins =
        feature.kind == FeatureKind::Text ? categories + 1 : feature.distribution.edges.size() + 1;
    if (feature.distribution.shares.size() != bins + 1)
        base::throwCorrupt("a feature has %zu shares for %zu ranges",
                           feature.distribution.shares.size(), bins);
    return feature;
}

void packInput(base::ByteWriter& writer, const Input& input) {
    writer.varint(input.feature);
    writer.u8(static_cast<uint8_t>(input.kind));
    writer.varint(input.category);
    if (input.kind == InputKind::CategorySet)
        writer.u64(input.set);
}

Input unpackInput(base::ByteReader& reader, uint8_t version, const std::vector<Feature>& features) {
    Input input;
    input.feature = static_cast<uint32_t>(reader.varint());
    if (input.feature >= features.size())
        base::throwCorrupt("an input is of feature %u of %zu", input.feature, features.size());
    const uint8_t kind = reader.u8();
    if (kind < 1 || kind > (version == kVersionWithoutSets ? 3 : 4))
        base::throwCorrupt("an input has the unknown kind %u", kind);
    input.kind = static_cast<InputKind>(kind);
    input.category = static_cast<uint32_t>(reader.varint());
    const Feature& feature = features[input.feature];
    if (input.kind == InputKind::Category && input.category >= feature.categories.size())
        base::throwCorrupt("an input is category %u of %zu", input.category,
                           feature.categories.size());
    if (input.kind == InputKind::CategorySet) {
        input.set = reader.u64();
        if (feature.kind != FeatureKind::Text)
            base::throwCorrupt("an input is of categories of what is no text");
        if (feature.categories.size() < kMaxCategories &&
            input.set >> feature.categories.size() != 0)
            base::throwCorrupt("an input is of categories beyond %zu", feature.categories.size());
    }
    if (input.kind == InputKind::Value && feature.kind == FeatureKind::Text)
        base::throwCorrupt("an input is the value of a text");
    return input;
}

void packTrees(base::ByteWriter& writer, const Trees& trees) {
    packNumbers(writer, trees.roots);
    writer.write(trees.base);
    writer.write(trees.scale);
    writer.varint(trees.nodes.size());
    for (const Node& node : trees.nodes) {
        writer.varint(node.left);
        writer.write(node.threshold);
        writer.write(node.cover);
        if (node.left != 0)
            writer.varint(uint64_t{node.input} << 1 | (node.nullGoesLeft ? 1 : 0));
    }
}

Node unpackNode(base::ByteReader& reader, uint64_t number, uint64_t count, size_t inputs) {
    Node node;
    node.left = static_cast<uint32_t>(reader.varintUpTo(count, "number of a node"));
    node.threshold = reader.read<float>();
    node.cover = reader.read<float>();
    if (!std::isfinite(node.threshold) || !std::isfinite(node.cover) || node.cover < 0)
        base::throwCorrupt("a node holds a number that is not finite");
    if (node.left == 0)
        return node;
    if (node.left <= number || node.left + 1 >= count)
        base::throwCorrupt("node %llu has child %u of %llu",
                           static_cast<unsigned long long>(number), node.left,
                           static_cast<unsigned long long>(count));
    if (!(node.cover > 0))
        base::throwCorrupt("a node with children has no cover");
    const uint64_t packed = reader.varint();
    if ((packed >> 1) >= inputs)
        base::throwCorrupt("a node asks for input %llu of %zu",
                           static_cast<unsigned long long>(packed >> 1), inputs);
    node.input = static_cast<uint32_t>(packed >> 1);
    node.nullGoesLeft = (packed & 1) != 0;
    return node;
}

Trees unpackTrees(base::ByteReader& reader, size_t inputs) {
    Trees trees;
    trees.roots = unpackNumbers<uint32_t>(reader);
    trees.base = finite(reader);
    trees.scale = finite(reader);
    constexpr size_t kLeastNodeBytes = 9;
    const uint64_t count = reader.varintUpTo(
        std::min<uint64_t>(reader.remaining() / kLeastNodeBytes, kMaxNodes), "number of nodes");
    trees.nodes.reserve(count);
    // Each node has one parent or is a root: shared ones would make the walk exponential.
    std::vector<bool> taken(count);
    const auto take = [&](uint32_t number) {
        if (number >= count || taken[number])
            base::throwCorrupt("node %u of a model has two parents or does not exist", number);
        taken[number] = true;
    };
    for (const uint32_t root : trees.roots)
        take(root);
    for (uint64_t i = 0; i < count; i++) {
        trees.nodes.push_back(unpackNode(reader, i, count, inputs));
        if (const uint32_t left = trees.nodes.back().left; left != 0) {
            take(left);
            take(left + 1);
        }
    }
    for (const uint32_t root : trees.roots)
        (void)depthOf(trees, root);
    return trees;
}

Calibration unpackCalibration(base::ByteReader& reader) {
    Calibration calibration;
    const uint8_t kind = reader.u8();
    if (kind > 2)
        base::throwCorrupt("a model has the unknown calibration %u", kind);
    calibration.kind = static_cast<CalibrationKind>(kind);
    calibration.slope = finite(reader);
    calibration.offset = finite(reader);
    calibration.margins = unpackNumbers<double>(reader);
    calibration.probabilities = unpackNumbers<double>(reader);
    requireAscending(calibration.margins, "margins");
    if (calibration.margins.size() != calibration.probabilities.size() ||
        (calibration.kind == CalibrationKind::Isotonic && calibration.margins.empty()))
        base::throwCorrupt("a calibration's points do not match");
    for (const double probability : calibration.probabilities) {
        if (probability < 0 || probability > 1)
            base::throwCorrupt("a calibration's probability is %g", probability);
    }
    return calibration;
}

}  // namespace

void Model::pack(base::ByteWriter& writer) const {
    const size_t begin = writer.size();
    writer.u8(kMagic);
    const bool hasSets = std::ranges::any_of(
        inputs, [](const Input& input) { return input.kind == InputKind::CategorySet; });
    writer.u8(hasSets ? kVersion : kVersionWithoutSets);
    writer.u8(static_cast<uint8_t>(algorithm));
    packText(writer, label);
    writer.varint(features.size());
    for (const Feature& feature : features)
        packFeature(writer, feature);
    writer.varint(inputs.size());
    for (const Input& input : inputs)
        packInput(writer, input);
    if (isLinear()) {
        writer.write(linear.intercept);
        packNumbers(writer, linear.coefficients);
        packNumbers(writer, linear.means);
        packNumbers(writer, linear.deviations);
    } else {
        packTrees(writer, trees);
    }
    writer.u8(static_cast<uint8_t>(calibration.kind));
    writer.write(calibration.slope);
    writer.write(calibration.offset);
    packNumbers(writer, calibration.margins);
    packNumbers(writer, calibration.probabilities);
    writer.u32(base::crc32c(writer.bytes().subspan(begin)));
}

Model Model::unpack(base::ByteReader& stored) {
    const auto all = stored.rest();
    if (all.size() < 2 * sizeof(uint32_t))
        base::throwCorrupt("%zu bytes are no model", all.size());
    const auto body = all.first(all.size() - sizeof(uint32_t));
    base::ByteReader reader(body);
    if (reader.u8() != kMagic)
        base::throwCorrupt("the bytes are no model");
    const uint8_t version = reader.u8();
    if (version < kVersionWithoutSets || version > kVersion)
        base::throwUnsupported("the model has version %u, this release reads %u", version,
                               kVersion);
    uint32_t checksum = 0;
    std::memcpy(&checksum, all.data() + body.size(), sizeof(checksum));
    if (checksum != base::crc32c(body))
        base::throwCorrupt("the checksum of a model does not match");
    Model model;
    const uint8_t algorithm = reader.u8();
    if (algorithm < 1 || algorithm > 5)
        base::throwCorrupt("a model has the unknown algorithm %u", algorithm);
    model.algorithm = static_cast<Algorithm>(algorithm);
    model.label = unpackText(reader);
    const uint64_t features = reader.varintUpTo(kMaxFeatures, "number of features");
    for (uint64_t i = 0; i < features; i++)
        model.features.push_back(unpackFeature(reader));
    const uint64_t inputs = reader.varintUpTo(reader.remaining(), "number of inputs");
    for (uint64_t i = 0; i < inputs; i++)
        model.inputs.push_back(unpackInput(reader, version, model.features));
    if (model.isLinear()) {
        model.linear.intercept = finite(reader);
        model.linear.coefficients = unpackNumbers<double>(reader);
        model.linear.means = unpackNumbers<double>(reader);
        model.linear.deviations = unpackNumbers<double>(reader);
        if (model.linear.coefficients.size() != inputs || model.linear.means.size() != inputs ||
            model.linear.deviations.size() != inputs)
            base::throwCorrupt("a linear model has %zu coefficients for %zu inputs",
                               model.linear.coefficients.size(), model.inputs.size());
    } else {
        model.trees = unpackTrees(reader, inputs);
    }
    model.calibration = unpackCalibration(reader);
    reader.expectEnd();
    return model;
}

}  // namespace footfall::model
