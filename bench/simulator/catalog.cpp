#include "bench/simulator/catalog.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace footfall::simulator {

namespace {

constexpr int kTermsPerCategory = 5;

constexpr std::array<std::array<SearchTerm, kTermsPerCategory>, 12> kSearchTerms = {{
    {{{"headphones", "/search?q=headphones"},
      {"usb c charger", "/search?q=usb+c+charger"},
      {"tv 55", "/search?q=tv+55"},
      {"smart watch", "/search?q=smart+watch"},
      {"tablet", "/search?q=tablet"}}},
    {{{"summer dress", "/search?q=summer+dress"},
      {"sneakers white", "/search?q=sneakers+white"},
      {"rain jacket", "/search?q=rain+jacket"},
      {"jeans", "/search?q=jeans"},
      {"hoodie", "/search?q=hoodie"}}},
    {{{"desk lamp", "/search?q=desk+lamp"},
      {"bed linen", "/search?q=bed+linen"},
      {"pan set", "/search?q=pan+set"},
      {"shelf", "/search?q=shelf"},
      {"rug", "/search?q=rug"}}},
    {{{"face cream", "/search?q=face+cream"},
      {"shampoo", "/search?q=shampoo"},
      {"perfume", "/search?q=perfume"},
      {"sunscreen 50", "/search?q=sunscreen+50"},
      {"nail polish", "/search?q=nail+polish"}}},
    {{{"running shoes", "/search?q=running+shoes"},
      {"yoga mat", "/search?q=yoga+mat"},
      {"bike helmet", "/search?q=bike+helmet"},
      {"dumbbells", "/search?q=dumbbells"},
      {"tent", "/search?q=tent"}}},
    {{{"building blocks", "/search?q=building+blocks"},
      {"puzzle 1000", "/search?q=puzzle+1000"},
      {"board game", "/search?q=board+game"},
      {"doll house", "/search?q=doll+house"},
      {"train set", "/search?q=train+set"}}},
    {{{"espresso beans", "/search?q=espresso+beans"},
      {"olive oil", "/search?q=olive+oil"},
      {"green tea", "/search?q=green+tea"},
      {"dark chocolate", "/search?q=dark+chocolate"},
      {"granola", "/search?q=granola"}}},
    {{{"crime novel", "/search?q=crime+novel"},
      {"cook book", "/search?q=cook+book"},
      {"travel guide", "/search?q=travel+guide"},
      {"picture book", "/search?q=picture+book"},
      {"atlas", "/search?q=atlas"}}},
    {{{"garden hose", "/search?q=garden+hose"},
      {"lawn mower", "/search?q=lawn+mower"},
      {"flower pot", "/search?q=flower+pot"},
      {"grill", "/search?q=grill"},
      {"seeds tomato", "/search?q=seeds+tomato"}}},
    {{{"cordless drill", "/search?q=cordless+drill"},
      {"screws", "/search?q=screws"},
      {"wall paint", "/search?q=wall+paint"},
      {"tool box", "/search?q=tool+box"},
      {"ladder", "/search?q=ladder"}}},
    {{{"cat food", "/search?q=cat+food"},
      {"dog bed", "/search?q=dog+bed"},
      {"aquarium", "/search?q=aquarium"},
      {"leash", "/search?q=leash"},
      {"cat litter", "/search?q=cat+litter"}}},
    {{{"guitar strings", "/search?q=guitar+strings"},
      {"vinyl", "/search?q=vinyl"},
      {"microphone", "/search?q=microphone"},
      {"keyboard stand", "/search?q=keyboard+stand"},
      {"metronome", "/search?q=metronome"}}},
}};

constexpr std::array<std::string_view, 24> kBrands = {
    "alder", "bonita",  "corvo", "delmar",   "eiswerk", "fjordline", "gretel", "halden",
    "ilex",  "juniper", "kobo",  "lindholm", "marais",  "nordlys",   "oleo",   "pamplona",
    "quill", "rivage",  "solis", "tamarack", "umbra",   "velour",    "wicker", "zephyr"};

constexpr std::array<std::string_view, 16> kLines = {
    "classic", "plus", "nova", "lite",  "pro",  "eco",  "urban", "prime",
    "alto",    "mono", "duo",  "terra", "aero", "luna", "vita",  "origin"};

// 19.99 rather than 20.13, as shops write prices.
int64_t shopPrice(double euros) {
    if (euros < 10) {
        return std::max<int64_t>(static_cast<int64_t>(std::lround(euros * 10)) * 10 - 1, 99);
    }
    if (euros < 100) {
        return static_cast<int64_t>(std::lround(euros)) * 100 - 1;
    }
    return static_cast<int64_t>(std::lround(euros / 5)) * 500 - 100;
}

std::vector<double> zipfWeights(int count) {
    std::vector<double> weights(static_cast<size_t>(count));
    for (int rank = 0; rank < count; ++rank) {
        weights[static_cast<size_t>(rank)] = 1 / std::pow(rank + 3.0, 0.95);
    }
    return weights;
}

}  // namespace

const std::vector<Category>& categories() {
    static const std::vector<Category> all = {
        {"electronics", 119, .07, {1, .9, .9, .9, .9, .9, .9, .9, 1, 1, 1.5, 1.5}},
        {"fashion", 39, .24, {.9, .9, 1.1, 1.2, 1.2, 1.1, 1, .9, 1.1, 1.1, 1, 1}},
        {"home", 34, .08, {1.1, 1, 1, 1, 1, .9, .9, .9, 1, 1.1, 1.1, 1}},
        {"beauty", 18, .03, {.9, 1, 1, 1, 1.1, 1.1, 1.1, 1, .9, .9, 1.1, 1.3}},
        {"sports", 45, .12, {1.3, 1, 1.1, 1.2, 1.2, 1.2, 1.1, 1, 1, .9, .8, .9}},
        {"toys", 24, .06, {.6, .7, .8, .9, .8, .8, .8, .8, .8, 1, 1.9, 2.6}},
        {"grocery", 9, .01, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.1, 1.3}},
        {"books", 15, .03, {1.1, 1, 1, .9, .9, 1, 1.1, 1.1, 1.1, 1, 1.1, 1.5}},
        {"garden", 29, .06, {.4, .7, 1.5, 2.1, 2.1, 1.7, 1.3, 1, .8, .6, .4, .4}},
        {"diy", 26, .07, {.9, .9, 1.2, 1.2, 1.2, 1.1, 1, 1, 1, 1, .9, .8}},
        {"pets", 21, .04, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
        {"music", 49, .06, {.9, .9, .9, .9, 1, 1, 1, .9, 1, 1, 1.2, 1.4}},
    };
    return all;
}

Catalog::Catalog(int count, int64_t firstDay, uint64_t seed)
    : byCategory_(categories().size()), popularity_(zipfWeights(count)) {
    Random random(seed, 2);
    products_.reserve(static_cast<size_t>(count));
    const uint32_t categoryCount = static_cast<uint32_t>(categories().size());
    for (int index = 0; index < count; ++index) {
        // The first dozen covers every category, however small the shop.
        const int category = index < static_cast<int>(categoryCount)
                                 ? index
                                 : static_cast<int>(random.below(categoryCount));
        const Category& kind = categories()[static_cast<size_t>(category)];
        Product product;
        product.id = index + 1;
        product.category = category;
        // A category has eight brands of its own, a brand is at home in four categories.
        product.brand =
            kBrands[(static_cast<size_t>(category) * 2 + random.below(8)) % kBrands.size()];
        product.priceCents = shopPrice(kind.medianPrice * std::exp(0.7 * random.normal()));
        product.costCents = static_cast<int64_t>(static_cast<double>(product.priceCents) *
                                                 (0.45 + 0.25 * random.uniform()));
        product.quality = std::clamp(0.72 + 0.16 * random.normal(), 0.05, 0.99);
        product.launchedDay = firstDay - static_cast<int64_t>(random.below(900));
        const std::string_view line = kLines[random.below(kLines.size())];
        product.name = std::string(product.brand) + " " + std::string(line) + " " +
                       std::to_string(100 + random.below(900));
        product.url = "/p/" + std::string(kind.name) + "/" + std::string(product.brand) + "-" +
                      std::string(line) + "-" + std::to_string(product.id);
        byCategory_[static_cast<size_t>(category)].push_back(static_cast<uint32_t>(index));
        products_.push_back(std::move(product));
    }
    for (int month = 0; month < 12; ++month) {
        std::vector<double> interest;
        for (const Category& category : categories()) {
            interest.push_back(category.monthTraffic[month]);
        }
        categoryByMonth_.emplace_back(interest);
    }
}

uint32_t Catalog::drawAny(Random& random, int month) const {
    // Half of the visits start at a best seller, half at what the season asks for.
    if (random.chance(0.5)) {
        return popularity_.draw(random);
    }
    return drawFrom(
        random, static_cast<int>(categoryByMonth_[static_cast<size_t>(month - 1)].draw(random)));
}

uint32_t Catalog::drawFrom(Random& random, int category) const {
    const auto& members = byCategory_[static_cast<size_t>(category)];
    if (members.empty()) {
        return popularity_.draw(random);
    }
    const double lean = random.uniform();
    return members[static_cast<size_t>(lean * lean * lean * static_cast<double>(members.size()))];
}

const SearchTerm& Catalog::drawSearch(Random& random, int category) const {
    return kSearchTerms[static_cast<size_t>(category)][random.below(kTermsPerCategory)];
}

}  // namespace footfall::simulator
