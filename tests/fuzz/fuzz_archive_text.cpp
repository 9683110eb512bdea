// What other engines and stores write: commits of a Delta log, footers of archived files, S3's XML,
// encoded paths, numerics as text. What is accepted is written in a form that is accepted and says
// the same.
#include <cstdlib>

#include "engine/archive/archived_column.h"
#include "engine/archive/delta_action.h"
#include "engine/archive/numeric_text.h"
#include "engine/archive/uri.h"
#include "engine/archive/xml_elements.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace footfall;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    fuzz::expectSafe([&] {
        const archive::DeltaCommit commit = archive::parseCommit(text);
        const std::string written = archive::serializeCommit(commit, "id");
        if (archive::serializeCommit(archive::parseCommit(written), "id") !=
            archive::serializeCommit(commit, "id")) {
            std::abort();
        }
    });
    fuzz::expectSafe([&] {
        const std::string written = archive::ArchivedFooter::parse(std::string(text)).serialize();
        if (archive::ArchivedFooter::parse(written).serialize() != written)
            std::abort();
    });
    fuzz::expectSafe([&] {
        const auto numeric = archive::textToNumeric(text);
        if (numeric && archive::textToNumeric(*archive::numericToText(*numeric)) != numeric)
            std::abort();
        archive::numericToText(text);
        archive::numericToDecimal(text, archive::kMaxPrecision, 2);
    });
    fuzz::expectSafe([&] {
        archive::forEachElement(text, [](const auto& path, const std::string&) {
            if (path.empty())
                std::abort();
        });
    });
    fuzz::expectSafe([&] {
        if (archive::percentDecode(archive::percentEncode(text, false)) != text)
            std::abort();
        archive::percentDecode(text);
    });
    return 0;
}
