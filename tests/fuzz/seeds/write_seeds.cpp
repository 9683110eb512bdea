// Writes the seed inputs of the fuzz targets: small, one for each codec and type at least.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "engine/encoding/column_codec.h"
#include "engine/encoding/column_encoder.h"
#include "engine/segment/segment_encoder.h"
#include "engine/base/hash.h"
#include "engine/recommendation/item_neighbors.h"
#include "engine/recommendation/recommender.h"
#include "engine/sketch/frequent_values.h"
#include "engine/sketch/hyperloglog.h"
#include "engine/sketch/uddsketch.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/unit/engine/column_samples.h"
#include "tests/unit/recommendation/recommendation_data.h"

namespace {

using namespace footfall;

void write(const std::filesystem::path& folder, const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / name, std::ios::binary) << bytes;
}

void put16(std::string& out, size_t value) {
    out.push_back(static_cast<char>(value & 0xff));
    out.push_back(static_cast<char>(value >> 8 & 0xff));
}

std::string textOf(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

constexpr size_t kMaxSeed = 3000;

void columnSeeds(const std::filesystem::path& root) {
    std::set<std::pair<int, int>> seen;
    for (const auto type : samples::allTypes()) {
        for (const auto values : samples::kAllValues) {
            for (const auto nulls : {samples::Nulls::None, samples::Nulls::Some}) {
                const auto column = samples::makeColumn(type, 150, values, nulls, 1);
                encoding::NodeOptions options;
                base::ByteWriter node;
                encoding::encodeColumn(column, options, node);
                const int codec = static_cast<int>(node.bytes()[0]);
                const int kind = static_cast<int>(type.kind) * 8 + static_cast<int>(type.content);
                if (node.size() > kMaxSeed || !seen.insert({codec, kind}).second)
                    continue;
                std::string seed;
                fuzz::putType(type, seed);
                put16(seed, 150);
                seed.push_back(0);
                write(root / "fuzz_column",
                      "codec" + std::to_string(codec) + "_kind" + std::to_string(kind),
                      seed + textOf(node.bytes()));
                if (type.isInteger() &&
                    static_cast<encoding::ColumnCodec>(codec) == encoding::ColumnCodec::Integers) {
                    std::string stream;
                    put16(stream, 150);
                    write(root / "fuzz_int_stream", "kind" + std::to_string(kind),
                          stream + textOf(node.bytes().subspan(1)));
                }
            }
        }
    }
}

// Runs of more than one block.
void placedRunsSeed(const std::filesystem::path& root) {
    constexpr int32_t kRows = 2100;
    vector::Column column(vector::ColumnType::of(vector::Kind::Int32),
                          std::pmr::new_delete_resource());
    for (int32_t row = 0; row < kRows; ++row)
        column.append<int32_t>(row / 37 * 7919 % 1000);
    base::ByteWriter node;
    encoding::encodeColumn(column, encoding::NodeOptions{}, node);
    std::string seed;
    fuzz::putType(column.type(), seed);
    put16(seed, kRows);
    seed.push_back(0);
    write(root / "fuzz_column", "codec" + std::to_string(static_cast<int>(node.bytes()[0])),
          seed + textOf(node.bytes()));
}

// Columns of which the second and the third depend on the first.
std::string segmentSeed(bool byRun, std::string& header) {
    std::pmr::memory_resource* heap = std::pmr::new_delete_resource();
    std::vector<vector::Column> columns;
    columns.emplace_back(vector::ColumnType::of(vector::Kind::Int32), heap);
    columns.emplace_back(vector::ColumnType::bytes(vector::Content::Text), heap);
    columns.emplace_back(vector::ColumnType::of(vector::Kind::Int64), heap);
    columns.emplace_back(vector::ColumnType::bytes(vector::Content::Text), heap);
    int64_t time = 0;
    for (int32_t row = 0; row < 1200; ++row) {
        const int32_t first = byRun ? row / 9 : row * 7919 % 61;
        if (byRun && row % 9 == 0)
            time = row * 7919 % 100000 * int64_t{1000000};
        columns[0].append<int32_t>(first);
        columns[1].appendBytes("name " + std::to_string(first % 5));
        columns[2].append<int64_t>(time += row * 31 % 97);
        columns[3].appendBytes("/p/" + std::to_string(first));
    }
    segment::EncodeOptions options;
    const std::vector<uint32_t> blooms = {0};
    options.bloomColumns = blooms;
    const auto segment = segment::encodeSegment(columns, options, heap);
    std::string seed(1, 3);
    put16(seed, 1200);
    for (size_t c = 0; c < columns.size(); ++c) {
        fuzz::putType(columns[c].type(), seed);
        put16(seed, segment.chunks[c].size());
        seed += textOf(segment.chunks[c]);
    }
    std::pmr::vector<std::byte> stored;
    segment.meta.serialize(stored);
    header = textOf(std::span(stored).first(stored.size() - 4));
    return seed + textOf(segment.index);
}

template <class Sketch>
void writeSketch(const std::filesystem::path& root, const std::string& name, Sketch& sketch) {
    base::ByteWriter writer;
    sketch.pack(writer);
    write(root / "fuzz_sketch", name, textOf(writer.bytes()));
}

// Each form: empty, a few values, and what is left after collapses, registers and purges.
void sketchSeeds(const std::filesystem::path& root) {
    for (const int count : {0, 5, 1500}) {
        const std::string name = std::to_string(count);
        sketch::HyperLogLog distinct(std::pmr::new_delete_resource());
        sketch::UddSketch percentiles(std::pmr::new_delete_resource());
        sketch::FrequentValues top(std::pmr::new_delete_resource());
        distinct.setPrecision(8);
        percentiles.setParameters(32, 0.001);
        top.setWanted(3);
        for (int i = 0; i < count; ++i) {
            distinct.add(base::hashBytes(&i, sizeof(i)));
            percentiles.add((i - 2) * 1.5);
            top.add(std::string(1, static_cast<char>('a' + i % 7)), SIZE_MAX);
        }
        writeSketch(root, "distinct" + name, distinct);
        writeSketch(root, "percentiles" + name, percentiles);
        writeSketch(root, "top" + name, top);
    }
}

// Each algorithm on a handful of customers.
void recommenderSeeds(const std::filesystem::path& root) {
    using recommendation::Algorithm;
    const auto interactions = recommendation::sampleInteractions(12, 9);
    for (const auto algorithm : {Algorithm::Als, Algorithm::Cosine, Algorithm::Bm25}) {
        recommendation::Recommender recommender;
        recommender.algorithm = algorithm;
        recommender.describe(interactions, recommendation::Events::All);
        recommender.factors = 3;
        for (int i = 0; i < 12 * 3; ++i)
            recommender.customerFactors.push_back(static_cast<float>(i % 7) - 3);
        for (int i = 0; i < 9 * 3; ++i)
            recommender.productFactors.push_back(static_cast<float>(i % 5) / 2);
        if (algorithm != Algorithm::Als) {
            recommendation::NoMonitor monitor;
            recommendation::Progress progress;
            recommender.neighbors = recommendation::findNeighbors(
                weightsOf(interactions, recommendation::Events::All),
                recommendation::Options::of(algorithm), 1, monitor, progress);
        }
        base::ByteWriter writer;
        recommender.pack(writer);
        write(root / "fuzz_recommender", recommendation::nameOf(algorithm), textOf(writer.bytes()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: write_seeds FOLDER\n");
        return 2;
    }
    const std::filesystem::path root = argv[1];
    columnSeeds(root);
    placedRunsSeed(root);
    sketchSeeds(root);
    recommenderSeeds(root);
    for (const bool byRun : {false, true}) {
        std::string header;
        const std::string name = byRun ? "runs" : "codes";
        write(root / "fuzz_segment_reader", name, segmentSeed(byRun, header));
        write(root / "fuzz_segment_meta", name, header);
    }
    // rows, columns, sorted, then per column type, form, nulls and the values' bytes.
    for (int form = 0; form < 64; form += 5) {
        std::string seed;
        put16(seed, 300);
        seed.push_back(3);
        seed.push_back(static_cast<char>(form & 1));
        for (int c = 0; c < 4; ++c) {
            seed.push_back(static_cast<char>((form + c * 3) % 45));
            seed.push_back(static_cast<char>(form));
            seed.push_back(static_cast<char>(c == 2 ? 0x31 : 0));
            for (int i = 0; i < 60; ++i)
                seed.push_back(static_cast<char>(i * form + c));
        }
        write(root / "fuzz_round_trip", "form" + std::to_string(form), seed);
    }
    return 0;
}
