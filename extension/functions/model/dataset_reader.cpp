// See dataset_reader.h.
#include "extension/functions/model/dataset_reader.h"

#include <cstring>
#include <unordered_map>

#include "engine/base/error.h"
#include "extension/functions/model/column_value.h"

namespace footfall::functions {

namespace {

constexpr int kBatchRows = 1000;
constexpr size_t kMaxTexts = 100'000;

enum class Part { Feature, Label, Time, Split, Id };

// A column of the query's result.
struct Column {
    std::string name;
    Part part = Part::Feature;
    Oid type = InvalidOid;
    ColumnType kind{};
};

struct Cell {
    float8 number;
    char* text;
    bool null;
};

bool startsQuery(const char* text) {
    while (scanner_isspace(*text) || *text == '(')
        text++;
    for (const char* word : {"select", "with", "values", "table"}) {
        const size_t length = strlen(word);
        if (pg_strncasecmp(text, word, length) == 0 && scanner_isspace(text[length]))
            return true;
    }
    return false;
}

class DatasetReader {
  public:
    DatasetReader(const char* label, const TrainingOptions& options) : options_(options) {
        columns_.clear();
        label_ = label;
    }

    model::Dataset read(const char* text) {
        Portal portal = nullptr;
        pg::callPostgres([&] {
            portal = SPI_cursor_open_with_args(nullptr, datasetQuery(text), 0, nullptr, nullptr,
                                               nullptr, true, 0);
        });
        describe(portal->tupDesc);
        auto* cells = static_cast<Cell*>(nullptr);
        MemoryContext batch = nullptr;
        pg::callPostgres([&] {
            cells = static_cast<Cell*>(MemoryContextAllocHuge(
                CurrentMemoryContext, sizeof(Cell) * columns_.size() * kBatchRows));
            batch = AllocSetContextCreate(CurrentMemoryContext, "footfall dataset",
                                          ALLOCSET_DEFAULT_SIZES);
        });
        for (;;) {
            uint64 rows = 0;
            pg::callPostgres([&] { rows = fetch(portal, batch, cells); });
            if (rows == 0)
                break;
            for (uint64 row = 0; row < rows; row++)
                addRow(cells + row * columns_.size());
            if (dataset_.rows() > UINT32_MAX - kBatchRows)
                base::throwUnsupported("a dataset has more than 4 billion rows");
        }
        pg::callPostgres([&] { SPI_cursor_close(portal); });
        if (dataset_.rows() == 0)
            base::throwBadArgument("the dataset has no rows");
        refuseCopiesOfLabel();
        split();
        return std::move(dataset_);
    }

  private:
    Part partOf(const std::string& name) const {
        if (name == label_)
            return Part::Label;
        if (name == options_.time)
            return Part::Time;
        if (name == options_.split)
            return Part::Split;
        return std::ranges::find(options_.ids, name) != options_.ids.end() ? Part::Id
                                                                           : Part::Feature;
    }

    void require(const std::string& name, const char* what) const {
        if (name.empty())
            return;
        size_t found = 0;
        for (const Column& column : columns_)
            found += column.name == name ? 1 : 0;
        if (found != 1) {
            throw base::Error(base::ErrorKind::BadArgument,
                              found == 0 ? "the dataset has no column \"%.100s\" for the %s"
                                         : "the dataset has several columns \"%.100s\" for the %s",
                              name.c_str(), what);
        }
    }

    void describe(TupleDesc descriptor) {
        for (int i = 0; i < descriptor->natts; i++) {
            Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
            Column& column = columns_.emplace_back();
            column.name = NameStr(attribute->attname);
            column.part = partOf(column.name);
            column.type = attribute->atttypid;
            char* typeName = nullptr;
            bool time = false;
            pg::callPostgres([&] {
                column.kind = columnTypeOf(column.type);
                time = isTime(column.type);
                typeName = format_type_be(column.type);
            });
            checkType(column, typeName, time);
            if (column.part == Part::Feature)
                addFeature(column);
        }
        require(label_, "label");
        require(options_.time, "time");
        require(options_.split, "split");
        for (const std::string& id : options_.ids)
            require(id, "id");
        if (dataset_.features.empty())
            base::throwBadArgument("the dataset has no column that can be a feature");
        if (dataset_.features.size() > model::kMaxFeatures)
            base::throwBadArgument("a model has at most %zu features", model::kMaxFeatures);
    }

    static void checkType(const Column& column, const char* typeName, bool time) {
        const char* wanted = nullptr;
        if (column.part == Part::Feature && column.kind.use == ColumnUse::None)
            wanted = "a feature";
        if (column.part == Part::Label && column.kind.use != ColumnUse::Boolean &&
            column.kind.use != ColumnUse::Number)
            wanted = "the label";
        if (column.part == Part::Split && column.kind.use != ColumnUse::Boolean)
            wanted = "the split";
        if (column.part == Part::Time && !time)
            wanted = "the time";
        if (wanted == nullptr)
            return;
        throw base::Error(base::ErrorKind::BadArgument,
                          "column \"%.100s\" of type %.60s cannot be %s", column.name.c_str(),
                          typeName, wanted)
            .withHint("%s",
                      column.part == Part::Feature
                          ? "Features are numbers, booleans, texts and enums. Cast it, or "
                            "leave it out with {\"id\": [...]}."
                          : "The label is a boolean, or a number that is 0 or 1; the split is "
                            "a boolean; the time a date, timestamp or number.");
    }

    void addFeature(const Column& column) {
        model::Feature& feature = dataset_.features.emplace_back();
        for (size_t i = 0; i + 1 < dataset_.features.size(); i++) {
            if (dataset_.features[i].name == column.name)
                base::throwBadArgument("the dataset has several columns \"%.100s\"",
                                       column.name.c_str());
        }
        feature.name = column.name;
        feature.kind = column.kind.use == ColumnUse::Text      ? model::FeatureKind::Text
                       : column.kind.use == ColumnUse::Boolean ? model::FeatureKind::Boolean
                                                               : model::FeatureKind::Number;
        dataset_.columns.emplace_back();
        categories_.emplace_back();
    }

    // Owns nothing; runs inside callPostgres.
    uint64 fetch(Portal portal, MemoryContext batch, Cell* cells) const {
        MemoryContextReset(batch);
        SPI_cursor_fetch(portal, true, kBatchRows);
        const uint64 rows = SPI_processed;
        SPITupleTable* table = SPI_tuptable;
        MemoryContext before = MemoryContextSwitchTo(batch);
        for (uint64 row = 0; row < rows; row++) {
            CHECK_FOR_INTERRUPTS();
            for (size_t i = 0; i < columns_.size(); i++) {
                const Column& column = columns_[i];
                Cell* cell = cells + row * columns_.size() + i;
                *cell = {0, nullptr, true};
                if (column.part == Part::Id)
                    continue;
                const Datum value = SPI_getbinval(table->vals[row], table->tupdesc,
                                                  static_cast<int>(i) + 1, &cell->null);
                if (cell->null)
                    continue;
                if (column.part == Part::Time) {
                    cell->number = timeOf(column.type, value);
                } else if (column.kind.use == ColumnUse::Text) {
                    cell->text = textOf(column.kind, value);
                } else {
                    cell->number = numberOf(column.kind, value, column.name.c_str());
                }
            }
        }
        MemoryContextSwitchTo(before);
        SPI_freetuptable(table);
        return rows;
    }

    void addRow(const Cell* cells) {
        size_t feature = 0;
        for (size_t i = 0; i < columns_.size(); i++) {
            const Cell& cell = cells[i];
            switch (columns_[i].part) {
                case Part::Id:
                    break;
                case Part::Label:
                    if (cell.null || (cell.number != 0 && cell.number != 1)) {
                        throw base::Error(base::ErrorKind::BadArgument,
                                          cell.null ? "the label \"%.100s\" is null in a row"
                                                    : "the label \"%.100s\" is neither 0 nor 1 in "
                                                      "a row",
                                          columns_[i].name.c_str());
                    }
                    dataset_.labels.push_back(cell.number != 0 ? 1 : 0);
                    break;
                case Part::Time:
                    if (cell.null)
                        base::throwBadArgument("the time \"%.100s\" is null in a row",
                                               columns_[i].name.c_str());
                    times_.push_back(cell.number);
                    break;
                case Part::Split:
                    if (cell.null)
                        base::throwBadArgument("the split \"%.100s\" is null in a row",
                                               columns_[i].name.c_str());
                    tests_.push_back(cell.number != 0);
                    break;
                case Part::Feature:
                    dataset_.columns[feature].push_back(valueOf(feature, cell));
                    feature++;
                    break;
            }
        }
    }

    float valueOf(size_t feature, const Cell& cell) {
        if (cell.null)
            return model::kNull;
        if (cell.text == nullptr)
            return static_cast<float>(cell.number);
        auto& known = categories_[feature];
        const auto [found, isNew] = known.try_emplace(cell.text, static_cast<float>(known.size()));
        if (isNew) {
            if (known.size() > kMaxTexts) {
                throw base::Error(base::ErrorKind::BadArgument,
                                  "column \"%.100s\" has more than %zu different texts",
                                  dataset_.features[feature].name.c_str(), kMaxTexts)
                    .withHint(
                        "If it names things rather than kinds of them, leave it out with "
                        "{\"id\": [...]}.");
            }
            dataset_.features[feature].categories.emplace_back(cell.text);
        }
        return found->second;
    }

    // The label under another name would be learnt perfectly, and be of no use.
    void refuseCopiesOfLabel() const {
        for (size_t i = 0; i < dataset_.features.size(); i++) {
            if (dataset_.features[i].kind == model::FeatureKind::Text)
                continue;
            bool same = true;
            for (size_t row = 0; row < dataset_.rows() && same; row++)
                same = dataset_.columns[i][row] == static_cast<float>(dataset_.labels[row]);
            if (same) {
                throw base::Error(base::ErrorKind::BadArgument,
                                  "column \"%.100s\" equals the label in every row",
                                  dataset_.features[i].name.c_str())
                    .withHint(
                        "A label must not be among the features: leave it out with {\"id\": "
                        "[...]}.");
            }
        }
    }

    // Read after the rows: their query knows better what is wrong with a length that both were
    // given.
    double embargo() const {
        if (!options_.embargo.has_value())
            return 0;
        const auto time = std::ranges::find(columns_, Part::Time, &Column::part);
        double duration = 0;
        pg::callPostgres(
            [&] { duration = durationOf(time->type, "embargo", options_.embargo->c_str()); });
        return duration;
    }

    void split() {
        const model::Options& options = options_.algorithm;
        const auto seed = static_cast<uint64_t>(options.seed);
        const double calibrate =
            options.calibration == model::CalibrationKind::None ? 0 : options.calibrationFraction;
        if (!options_.time.empty()) {
            splitByTime(dataset_, times_, options.testFraction, calibrate, embargo());
        } else if (!options_.split.empty()) {
            splitByColumn(dataset_, tests_, calibrate, seed);
        } else {
            splitAtRandom(dataset_, options.testFraction, calibrate, seed);
        }
    }

    const TrainingOptions& options_;
    std::string label_;
    std::vector<Column> columns_;
    model::Dataset dataset_;
    std::vector<std::unordered_map<std::string, float>> categories_;
    std::vector<double> times_;
    std::vector<bool> tests_;
};

}  // namespace

char* datasetQuery(const char* dataset) {
    // The caller's text stands alone in its line, so that a comment at its end hides nothing.
    if (startsQuery(dataset))
        return psprintf("SELECT * FROM (\n%s\n) AS dataset", dataset);
    List* names = textToQualifiedNameList(cstring_to_text(dataset));
    return psprintf("SELECT * FROM %s", NameListToQuotedString(names));
}

model::Dataset readDataset(const char* dataset, const char* label, const TrainingOptions& options) {
    return DatasetReader(label, options).read(dataset);
}

}  // namespace footfall::functions
