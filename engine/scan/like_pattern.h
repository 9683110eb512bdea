// A LIKE pattern, taken apart once.
//
// Matching is by bytes; only _ needs to know where a character of UTF-8 ends. The common forms
// (no wildcard, prefix%, %suffix, %part%) are compared as wholes.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

namespace footfall::scan {

class LikePattern {
  public:
    // None when the pattern ends in its escape, a backslash.
    static std::optional<LikePattern> parse(std::string_view pattern, bool multibyte,
                                            std::pmr::memory_resource* resource);

    bool matches(std::string_view text) const noexcept;

  private:
    enum class Form : uint8_t { Exact, Prefix, Suffix, Contains, General };
    enum class Token : uint8_t { Byte, AnyCharacter, AnySequence };
    struct Element {
        Token token;
        char byte;
    };

    LikePattern(bool multibyte, std::pmr::memory_resource* resource)
        : multibyte_(multibyte), literal_(resource), elements_(resource) {}
    void classify();
    bool matchesGeneral(std::string_view text) const noexcept;
    size_t characterAt(std::string_view text, size_t at) const noexcept;

    bool multibyte_;
    Form form_ = Form::General;
    std::pmr::vector<char> literal_;  // without wildcards; all forms but General
    std::pmr::vector<Element> elements_;
};

}  // namespace footfall::scan
