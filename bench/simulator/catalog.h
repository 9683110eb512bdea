// What the shop sells: products with a category, a brand, a price and a page.
//
// Popularity follows Zipf's law over the whole range and, within a category, leans to the first of
// its products as strongly. Immutable once built.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/simulator/alias_table.h"
#include "bench/simulator/random.h"

namespace footfall::simulator {

struct Category {
    std::string_view name;
    double medianPrice;       // euros
    double returnRate;        // of delivered lines
    double monthTraffic[12];  // January to December, relative interest
};

const std::vector<Category>& categories();

struct Product {
    int32_t id;
    int category;
    std::string_view brand;
    int64_t priceCents;
    int64_t costCents;
    double quality;  // in [0, 1]; drives ratings and returns
    int64_t launchedDay;
    std::string name;
    std::string url;
};

struct SearchTerm {
    std::string_view query;
    std::string_view url;
};

class Catalog {
  public:
    // `count` > 0 products; `firstDay` (since 1970-01-01) is when the shop's log begins.
    Catalog(int count, int64_t firstDay, uint64_t seed);

    const std::vector<Product>& products() const { return products_; }
    const Product& product(uint32_t index) const { return products_[index]; }

    // Draws a product's index: anything, by popularity and by the month (1 to 12).
    uint32_t drawAny(Random& random, int month) const;
    // Draws from one category, the popular ones more often.
    uint32_t drawFrom(Random& random, int category) const;

    // What somebody types who looks for something of this category.
    const SearchTerm& drawSearch(Random& random, int category) const;

  private:
    std::vector<Product> products_;
    std::vector<std::vector<uint32_t>> byCategory_;
    AliasTable popularity_;
    std::vector<AliasTable> categoryByMonth_;
};

}  // namespace footfall::simulator
