// A recommender as bytes. Version 1: 'R', the version, the parts in the order of Recommender, a
// CRC-32C of what stands before it.
//
// Reading checks whatever the rest relies on: every number that is an index, order, finite numbers.
// The work and the memory are linear in the size of the bytes.
#include <cmath>

#include "engine/base/checksum.h"
#include "engine/recommendation/recommender.h"

namespace footfall::recommendation {

namespace {

constexpr uint8_t kVersion = 1;

void packHistory(base::ByteWriter& writer, const Recommender& from) {
    const SparseMatrix& history = from.history;
    for (uint32_t customer = 0; customer < history.rows(); customer++) {
        writer.varint(history.entriesOf(customer));
        uint32_t least = 0;
        for (uint64_t i = history.starts[customer]; i < history.starts[customer + size_t{1}]; i++) {
            const uint32_t product = history.columns[i];
            writer.varint(uint64_t{product - least} << 1 | (from.bought[i] ? 1 : 0));
            least = product + 1;
        }
        if (from.algorithm != Algorithm::Als)
            writer.append(std::as_bytes(history.valuesOf(customer)));
    }
}

void unpackHistory(base::ByteReader& reader, Recommender& into, uint32_t customers) {
    SparseMatrix& history = into.history;
    history.width = into.products();
    for (uint32_t customer = 0; customer < customers; customer++) {
        const uint64_t count = reader.varintUpTo(
            std::min<uint64_t>(reader.remaining(), into.products()), "number of products");
        uint64_t least = 0;
        for (uint64_t i = 0; i < count; i++) {
            const uint64_t packed = reader.varint();
            const uint64_t product = least + (packed >> 1);
            if (product >= into.products())
                base::throwCorrupt("a customer of a recommender has product %llu of %u",
                                   static_cast<unsigned long long>(product), into.products());
            history.columns.push_back(static_cast<uint32_t>(product));
            into.bought.push_back((packed & 1) != 0);
            least = product + 1;
        }
        for (uint64_t i = 0; into.algorithm != Algorithm::Als && i < count; i++) {
            const auto weight = reader.read<float>();
            if (!std::isfinite(weight) || weight < 0)
                base::throwCorrupt("a recommender holds the weight %g", weight);
            history.values.push_back(weight);
        }
        history.endRow();
    }
}

void packNeighbors(base::ByteWriter& writer, const SparseMatrix& neighbors) {
    for (uint32_t product = 0; product < neighbors.rows(); product++) {
        writer.varint(neighbors.entriesOf(product));
        for (const uint32_t neighbor : neighbors.columnsOf(product))
            writer.varint(neighbor);
        writer.append(std::as_bytes(neighbors.valuesOf(product)));
    }
}

SparseMatrix unpackNeighbors(base::ByteReader& reader, uint32_t products) {
    SparseMatrix neighbors;
    neighbors.width = products;
    for (uint32_t product = 0; product < products; product++) {
        const uint64_t count = reader.varintUpTo(
            std::min<uint64_t>(reader.remaining(), static_cast<uint64_t>(kMaxNeighbors)),
            "number of neighbours");
        for (uint64_t i = 0; i < count; i++) {
            const uint64_t neighbor = reader.varint();
            if (neighbor >= products || neighbor == product)
                base::throwCorrupt("product %u of %u has the neighbour %llu", product, products,
                                   static_cast<unsigned long long>(neighbor));
            neighbors.columns.push_back(static_cast<uint32_t>(neighbor));
        }
        float most = std::numeric_limits<float>::max();
        for (uint64_t i = 0; i < count; i++) {
            const auto similarity = reader.read<float>();
            if (!(similarity > 0) || !(similarity <= most))
                base::throwCorrupt("similarities of a recommender do not fall");
            neighbors.values.push_back(similarity);
            most = similarity;
        }
        neighbors.endRow();
    }
    return neighbors;
}

std::vector<float> unpackFactors(base::ByteReader& reader, uint64_t count) {
    if (count > reader.remaining() / sizeof(float))
        base::throwCorrupt("%zu bytes are too few for %llu factors", reader.remaining(),
                           static_cast<unsigned long long>(count));
    std::vector<float> factors(count);
    const auto bytes = reader.bytes(count * sizeof(float));
    if (count != 0)
        std::memcpy(factors.data(), bytes.data(), bytes.size());
    for (const float factor : factors) {
        // Not finite: not in range either.
        if (!(std::abs(factor) <= kMaxFactor))
            base::throwCorrupt("a recommender holds the factor %g", factor);
    }
    return factors;
}

}  // namespace

void Recommender::pack(base::ByteWriter& writer) const {
    const size_t begin = writer.size();
    writer.u8(kRecommenderMagic);
    writer.u8(kVersion);
    writer.u8(static_cast<uint8_t>(algorithm));
    customerIds.pack(writer);
    productIds.pack(writer);
    for (const uint32_t customersOf : popularity)
        writer.varint(customersOf);
    packHistory(writer, *this);
    if (algorithm == Algorithm::Als) {
        writer.varint(factors);
        writer.append(std::as_bytes(std::span(customerFactors)));
        writer.append(std::as_bytes(std::span(productFactors)));
    } else {
        packNeighbors(writer, neighbors);
    }
    writer.u32(base::crc32c(writer.bytes().subspan(begin)));
}

Recommender Recommender::unpack(base::ByteReader& stored) {
    const auto all = stored.rest();
    if (all.size() < 2 * sizeof(uint32_t))
        base::throwCorrupt("%zu bytes are no recommender", all.size());
    const auto body = all.first(all.size() - sizeof(uint32_t));
    base::ByteReader reader(body);
    if (reader.u8() != kRecommenderMagic)
        base::throwCorrupt("the bytes are no recommender");
    if (const uint8_t version = reader.u8(); version != kVersion)
        base::throwUnsupported("the recommender has version %u, this release reads %u", version,
                               kVersion);
    uint32_t checksum = 0;
    std::memcpy(&checksum, all.data() + body.size(), sizeof(checksum));
    if (checksum != base::crc32c(body))
        base::throwCorrupt("the checksum of a recommender does not match");
    Recommender result;
    const uint8_t algorithm = reader.u8();
    if (algorithm < 1 || algorithm > 3)
        base::throwCorrupt("a recommender has the unknown algorithm %u", algorithm);
    result.algorithm = static_cast<Algorithm>(algorithm);
    result.customerIds = IdList::unpack(reader);
    result.productIds = IdList::unpack(reader);
    for (uint32_t i = 0; i < result.productIds.size(); i++) {
        result.popularity.push_back(static_cast<uint32_t>(
            reader.varintUpTo(result.customerIds.size(), "number of customers")));
    }
    unpackHistory(reader, result, result.customerIds.size());
    if (result.algorithm == Algorithm::Als) {
        result.factors = static_cast<uint32_t>(
            reader.varintUpTo(static_cast<uint64_t>(kMaxFactors), "number of factors"));
        if (result.factors == 0)
            base::throwCorrupt("a recommender has no factors");
        result.customerFactors =
            unpackFactors(reader, uint64_t{result.factors} * result.customers());
        result.productFactors = unpackFactors(reader, uint64_t{result.factors} * result.products());
    } else {
        result.neighbors = unpackNeighbors(reader, result.products());
    }
    reader.expectEnd();
    return result;
}

}  // namespace footfall::recommendation
